/** What the owner wishes, as far as it is chosen; and what the server says of it. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api, data, type Schemas } from '../../api/client';
import { keys } from '../../api/keys';
import type { paths } from '../../api/schema';
import { choiceOf, chosenAmount, type Choice } from '../../components/Choices';
import { typedAmount } from '../../format/money';
import { useReadWithBalance } from './readWithBalance';

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

/** Null until both amounts are there; whether they can be read, and may be set, is for the server to say. */
export function wishOf({ threshold, amount, monthlyLimit }: Draft): Wish | null {
  const [level, step] = [chosenAmount(threshold), chosenAmount(amount)];
  if (level === null || step === null) return null;
  const limit = monthlyLimit.trim();
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

export type Preview =
  paths['/v1/accounts/{id}/auto-reload/preview']['post']['responses'][200]['content']['application/json'];
/** `none`: nothing to ask about. `asked`: what came before is of other settings, so nothing is said meanwhile. */
export type Previewed =
  | { kind: 'none' | 'asked' }
  | { kind: 'failed'; error: Error; again: () => void }
  | { kind: 'known'; preview: Preview };

/** What the server says that these settings would do now: of exactly these, or nothing. */
export function usePreview(accountId: string, wish: Wish | null): Previewed {
  const asked = useSettled(wish);
  const read = useQuery({
    queryKey: [...keys.topic(accountId, 'auto_reload'), 'preview', asked],
    queryFn: () =>
      data(api.POST('/v1/accounts/{id}/auto-reload/preview', { params: { path: { id: accountId } }, body: asked! })),
    enabled: asked !== null,
    // Who comes back to former settings is told what they would charge now, and not what they would have charged then.
    gcTime: 0,
    retry: false,
  });
  useReadWithBalance(accountId, asked === null ? null : read);
  const { data: preview, error, refetch } = read;
  if (wish === null) return { kind: 'none' };
  if (JSON.stringify(asked) !== JSON.stringify(wish)) return { kind: 'asked' };
  if (preview) return { kind: 'known', preview };
  return error ? { kind: 'failed', error, again: () => void refetch() } : { kind: 'asked' };
}

/** Told when the same settings would charge another sum than before: who has agreed to them has agreed to the other one. */
export function useMovedCharge(wish: Wish | null, previewed: Previewed, onMoved: () => void): void {
  const before = useRef<{ of: string; charge: string | null } | null>(null);
  const of = JSON.stringify(wish);
  const charge = previewed.kind === 'known' ? previewed.preview.wouldCharge : undefined;
  useEffect(() => {
    if (charge === undefined) return;
    if (before.current?.of === of && before.current.charge !== charge) onMoved();
    before.current = { of, charge };
  }, [of, charge, onMoved]);
}

/** The last settings that the server could make something of: the trial stays while the next are typed. */
export function useTriable(wish: Wish | null, previewed: Previewed): Wish | null {
  const [triable, setTriable] = useState<Wish | null>(null);
  const text = previewed.kind === 'known' ? JSON.stringify(wish) : null;
  useEffect(() => {
    if (text !== null) setTriable(JSON.parse(text) as Wish);
  }, [text]);
  return wish === null ? null : triable;
}
