// Faults that tests switch on: which requests they hit, how often, and what happens to those.
import { z } from 'zod';
import { newId } from './ids';
import type { Store } from './store';
import type { Tables } from './tables';
import type { Form } from './form';

export const EFFECTS = [
  'timeout_before',
  'timeout_after',
  'reset_before',
  'reset_after',
  'error_500',
  'error_500_after',
  'error_409',
  'error_429',
  'error_503',
  'garbage',
  'delay',
] as const;

export type Effect = (typeof EFFECTS)[number];

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

export const faultRule = z.strictObject({
  match: z
    .strictObject({
      method: z.string().optional(),
      /** A regular expression, tried on the path without its query. */
      path: z.string().refine(isPattern, 'not a regular expression').optional(),
      customer: z.string().optional(),
      paymentMethod: z.string().optional(),
    })
    .default({}),
  /** How many requests it hits before it is spent; without it, all. */
  times: z.int().positive().optional(),
  effect: z.enum(EFFECTS),
  delayMs: z.int().nonnegative().max(600_000).default(1_000),
});

export type FaultRule = z.infer<typeof faultRule> & { id: string; hits: number };

type Asked = { method: string; path: string; params: Form };

export class Faults {
  private rules: FaultRule[] = [];

  add(rules: z.infer<typeof faultRule>[]): FaultRule[] {
    this.rules.push(...rules.map((rule) => ({ ...rule, id: newId('fault', 8), hits: 0 })));
    return this.list();
  }

  /** Spent rules stay listed, so that a test can see that its fault was met. */
  list(): FaultRule[] {
    return this.rules;
  }

  clear(): void {
    this.rules = [];
  }

  /** The first unspent rule that fits, which this counts as a hit. */
  async next(asked: Asked, store: Store): Promise<FaultRule | null> {
    const named = this.rules.some(({ match }) => match.customer !== undefined || match.paymentMethod !== undefined);
    const intent = named ? (await store.find([asked.path.split('/')[3] ?? '']))[0]?.value : undefined;
    const rule = this.rules.find((rule) => rule.hits < (rule.times ?? Infinity) && fits(rule, asked, intent as Intent));
    if (rule !== undefined) rule.hits += 1;
    return rule ?? null;
  }
}

type Intent = Tables['payment_intents'] | undefined;

function fits({ match }: FaultRule, asked: Asked, intent: Intent): boolean {
  if (match.method !== undefined && match.method.toUpperCase() !== asked.method) return false;
  if (match.path !== undefined && !new RegExp(match.path).test(asked.path)) return false;
  if (match.customer !== undefined && !concerns(asked, intent, 'customer', match.customer)) return false;
  return match.paymentMethod === undefined || concerns(asked, intent, 'payment_method', match.paymentMethod);
}

/** Whether an id is named in the request: in its parameters, its path, or by the PaymentIntent it is about. */
function concerns(asked: Asked, intent: Intent, field: 'customer' | 'payment_method', id: string): boolean {
  const segments = asked.path.split('/');
  if (asked.params[field] === id || segments.includes(id)) return true;
  return asked.params[field] === undefined && intent?.[field] === id;
}
