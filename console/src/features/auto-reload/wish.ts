/** What the owner wishes, as far as it is chosen; and what the server says of it. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, data, type Schemas } from '../../api/client';
import { keys } from '../../api/queries';
import { choiceOf, chosenAmount, type Choice } from '../../components/Choices';
import { looksLikeAmount, typedAmount } from '../../format/money';

export type Wish = { threshold: string; amount: string; monthlyLimit?: string };
export type Draft = { enable: boolean; threshold: Choice; amount: Choice; monthlyLimit: string; agrees: boolean };
type AutoReload = Schemas['AutoReload'];

/** Begins with the settings there are: nothing is chosen for who never set any, and nothing is agreed to beforehand. */
export const draftOf = ({ status, threshold, amount, monthlyLimit, presets }: AutoReload): Draft => ({
  enable: status === 'on' || status === 'paused',
  threshold: choiceOf(threshold, presets.threshold),
  amount: choiceOf(amount, presets.amount),
  monthlyLimit: monthlyLimit ?? '',
  agrees: false,
});

/** Null until both amounts are there and can be read; whether they may be set is for the server to say. */
export function wishOf({ threshold, amount, monthlyLimit }: Draft): Wish | null {
  const [level, step] = [chosenAmount(threshold), chosenAmount(amount)];
  if (level === null || step === null || !looksLikeAmount(level) || !looksLikeAmount(step)) return null;
  const limit = monthlyLimit.trim();
  if (limit !== '' && !looksLikeAmount(limit)) return null;
  return {
    threshold: typedAmount(level),
    amount: typedAmount(step),
    ...(limit !== '' && { monthlyLimit: typedAmount(limit) }),
  };
}

const SETTLED_MS = 150;

/** The value once it has stopped changing: not every letter is asked about. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  const text = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(JSON.parse(text) as T), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

/** What the server says that these settings would do now. */
export function usePreview(accountId: string, wish: Wish | null) {
  return useQuery({
    queryKey: [...keys.topic(accountId, 'auto_reload'), 'preview', wish],
    queryFn: () =>
      data(api.POST('/v1/accounts/{id}/auto-reload/preview', { params: { path: { id: accountId } }, body: wish! })),
    enabled: wish !== null,
    placeholderData: keepPreviousData,
    retry: false,
  });
}
