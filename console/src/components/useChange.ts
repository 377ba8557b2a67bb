/** A change of something: when it is done, that is told and what it changed is read again. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { toast } from './toast';

type Change<Input> = {
  /** Resolves to what is told in the end; null: nothing, as it is to be seen. */
  change: (input: Input) => Promise<string | null>;
  /** The keys of the queries that are read again, also after a failure: it may have come too late. */
  changes: readonly (readonly unknown[])[];
  onDone?: () => void;
};

export function useChange<Input = void>({ change, changes, onDone }: Change<Input>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: (news) => {
      if (news !== null) toast(news);
      onDone?.();
    },
    onSettled: (_news, error) => {
      const reading = Promise.all(changes.map((queryKey) => queries.invalidateQueries({ queryKey })));
      // A failure is told at once: without a connection nothing is read until it is back.
      return error ? undefined : reading;
    },
  });
}
