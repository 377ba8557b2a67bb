/**
 * What a person asks the API to do, and how its end is told. While what began it is on the page, it is told there: its
 * problem stands in the form, and the next page is gone to. Once that is gone, as a window that was closed or a page that
 * was left, its end goes nowhere and closes nothing: a success is a toast, and a failure is one that stays.
 */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { whyNotDone } from '../api/problem';
import { text } from '../text';
import { audienceOfNow, toast, toastTo } from './toast';

type Asking<Input, Output> = {
  /** What it is called where it is told of outside of its window. */
  name: string | ((input: Input) => string);
  ask: (input: Input) => Promise<Output>;
  /** What is told of a success; null: nothing, as it is to be seen. */
  news: (output: Output, input: Input) => string | null;
  /** What is told of it instead once what began it is gone; null: nothing. @default the news, else that it is done */
  left?: (output: Output, input: Input) => string | null;
  /** The keys of the queries that are read again, also after a failure: it may have come too late. */
  changes: readonly (readonly unknown[])[];
  /** Only while what began it is there. */
  onDone?: (output: Output, input: Input) => void;
};

export function useAsking<Input, Output>({ name, ask, news, left, changes, onDone }: Asking<Input, Output>) {
  const queries = useQueryClient();
  const isHere = useRef(true);
  useEffect(() => {
    isHere.current = true;
    return () => void (isHere.current = false);
  }, []);
  const nameOf = (input: Input): string => (typeof name === 'string' ? name : name(input));
  return useMutation({
    mutationFn: ask,
    onMutate: audienceOfNow,
    onSuccess: (output, input, audience) => {
      const told = news(output, input);
      if (isHere.current) {
        if (told !== null) toast(told);
        onDone?.(output, input);
        return;
      }
      const words = left ? left(output, input) : (told ?? text.away.done(nameOf(input)));
      if (words !== null) toastTo(audience, words);
    },
    onError: (error, input, audience) => {
      if (isHere.current || audience === undefined) return;
      toastTo(audience, text.away.failed(nameOf(input), whyNotDone(error)), 'failure');
    },
    onSettled: (_output, error) => {
      const reading = Promise.all(changes.map((queryKey) => queries.invalidateQueries({ queryKey })));
      // A failure is told at once: without a connection nothing is read until it is back.
      return error ? undefined : reading;
    },
  });
}
