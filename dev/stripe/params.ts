// Request parameters: zod schemas over form values, and Stripe's errors for what does not fit them.
import { z } from 'zod';
import { invalidParameter, type StripeError } from './errors';

/** Integers arrive as text; Stripe names its error after the number that was wanted. */
export const integer = z
  .string()
  .regex(/^-?\d{1,15}$/, 'Invalid integer')
  .transform(Number);

export const boolean = z.enum(['true', 'false'], 'Invalid boolean').transform((text) => text === 'true');

export const id = z.string().min(1).max(255);

/** At most 50 keys of 40 characters with values of 500 (https://docs.stripe.com/api/metadata); an empty value removes the key. */
export const metadata = z
  .union([z.literal(''), z.record(z.string().max(40), z.string().max(500))])
  .refine((entries) => entries === '' || Object.keys(entries).length <= 50, 'at most 50 keys');

export const text = z.string().max(5_000);

/** A parameter that Stripe knows and the simulator has no use for. */
export const ignored = z.unknown().optional();

const USD_MIN_CENTS = 50;
const CENTS_MAX = 99_999_999;

/** Integer cents. The bounds are Stripe's for US dollars. */
export const chargeAmount = integer.superRefine((cents, context) => {
  if (cents < 1)
    context.addIssue({
      code: 'custom',
      message: 'Invalid positive integer',
      params: { stripe: 'parameter_invalid_integer' },
    });
  else if (cents < USD_MIN_CENTS)
    context.addIssue({
      code: 'custom',
      message: 'Amount must be at least $0.50 usd',
      params: { stripe: 'amount_too_small' },
    });
  else if (cents > CENTS_MAX)
    context.addIssue({
      code: 'custom',
      message: 'Amount must be no more than $999,999.99',
      params: { stripe: 'amount_too_large' },
    });
});

export const currency = z
  .string()
  .transform((code) => code.toLowerCase())
  .refine((code) => code === 'usd', 'Invalid currency: the simulator takes usd only');

export function parseParams<T extends z.ZodType>(schema: T, values: unknown): z.infer<T> {
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  throw toStripeError(parsed.error.issues[0] as z.core.$ZodIssue, values);
}

function toStripeError(issue: z.core.$ZodIssue, values: unknown): StripeError {
  const param = paramName(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const name = paramName([...issue.path, issue.keys[0] as string]);
    return invalidParameter(`Received unknown parameter: ${name}`, name, 'parameter_unknown');
  }
  if (valueAt(values, issue.path) === undefined)
    return invalidParameter(`Missing required param: ${param}.`, param, 'parameter_missing');
  if (issue.message === 'Invalid integer') {
    return invalidParameter(
      `Invalid integer: ${String(valueAt(values, issue.path))}`,
      param,
      'parameter_invalid_integer',
    );
  }
  const code = issue.code === 'custom' ? (issue.params?.stripe as string | undefined) : undefined;
  return invalidParameter(code === undefined ? `Invalid ${param}: ${issue.message}` : issue.message, param, code);
}

function paramName(path: readonly PropertyKey[]): string {
  const [first, ...rest] = path.map(String);
  return `${first ?? ''}${rest.map((key) => `[${key}]`).join('')}`;
}

function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((node, key) => (node as Record<PropertyKey, unknown> | undefined)?.[key], values);
}

/** Stripe merges metadata: given keys are set, empty values removed, an empty string clears all. */
export function mergeMetadata(
  current: Record<string, string>,
  change: z.infer<typeof metadata> | undefined,
): Record<string, string> {
  if (change === undefined) return current;
  if (change === '') return {};
  return Object.fromEntries(Object.entries({ ...current, ...change }).filter(([, value]) => value !== ''));
}
