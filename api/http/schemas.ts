/** The shapes that requests and answers are made of. Requests are strict: an unknown field is refused. */
import { z } from 'zod';
import { EMAIL_LENGTH_MAX, EMAIL_PATTERN, emailProblem } from '../../domain/emailAddress';
import { ERRORS, type ErrorCode, type ProblemMember } from '../../domain/errors';

/** Printable ASCII: whatever passes can be stored, logged and put into a header. */
export const id = z
  .string()
  .regex(/^[\x20-\x7e]{1,128}$/, 'must be 1 to 128 printable ASCII characters')
  .meta({ id: 'Id' });
export const accountId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ -')
  .meta({ id: 'AccountId' });
export const uuid = z.guid();
/** Text that people read: no control characters, no halves of characters; so Postgres can store it and a terminal show it. */
export const text = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters')
    // The same for tools that do not know \p; of halves of characters their JSON knows nothing.
    .meta({ pattern: '^[^\\x00-\\x1f\\x7f-\\x9f]*$' });
export const email = z
  .string()
  .superRefine((address, context) => {
    const problem = emailProblem(address);
    if (problem !== null) context.addIssue(problem);
  })
  .meta({ format: 'email', maxLength: EMAIL_LENGTH_MAX, pattern: EMAIL_PATTERN });
export const webAddress = z.url({ protocol: /^https?$/ }).max(2_000);

/** Dollars as answers have them: at least two decimals, at most nine. */
export const money = z
  .string()
  .regex(/^-?\d{1,10}\.\d{2,9}$/)
  .meta({ id: 'Money', examples: ['25.00'] });
/** Dollars as requests may have them; handlers say whether cents are whole and what the range is (422). */
export const moneyIn = z
  .string()
  .regex(/^-?\d{1,9}(\.\d{1,9})?$/, 'must be an amount in dollars such as "12.34"')
  .meta({ id: 'MoneyIn', examples: ['25.00'] });
export const price = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,9})?$/, 'must be a price in dollars such as "0.60"')
  .meta({ id: 'Price' });
export const time = z.iso.datetime({ offset: true });
export const date = z.iso.date().refine((day) => day >= '0001', 'must be a day such as 2026-11-21');

export const limit = z.coerce.number().int().min(1).max(200).default(50);
export const cursorOf = {
  number: z.string().regex(/^\d{1,18}$/, 'must be a cursor of this list'),
  uuid: z.guid('must be a cursor of this list'),
};
/** The query of a list, whose cursors look like this. */
export const pageQuery = <Cursor extends z.ZodType<string>>(cursor: Cursor) =>
  z.strictObject({ limit, cursor: cursor.optional() });
export const listOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ data: z.array(item), nextCursor: z.string().nullable() });

export const ofAccount = z.strictObject({ id: accountId });
export const nothing = z.strictObject({});

export const reason = z.enum(['balance_exhausted', 'admin_suspended', 'payment_disputed', 'account_closed']);
export const gateState = z.enum(['ok', 'low', 'reloading', 'suspended']);
export const gate = z
  .strictObject({
    accountId,
    allowed: z.boolean(),
    state: gateState,
    reasons: z.array(reason),
    retryAfterSeconds: z.number().int().optional(),
    version: z.number().int(),
    asOf: time,
  })
  .meta({ id: 'Gate' });

export const memberRole = z.enum(['owner', 'resource_modifier', 'member']);
export const autoReloadStatus = z.enum(['off', 'on', 'paused', 'disabled_after_failures']);

export const transactionView = z
  .strictObject({
    sequence: z.number().int().min(1),
    kind: z.enum([
      'prepayment',
      'reload',
      'usage',
      'adjustment',
      'refund',
      'refund_reversal',
      'dispute',
      'dispute_reversal',
      'usage_reversal',
    ]),
    amount: money,
    balanceAfter: z.string(),
    reference: z.string(),
    description: z.string(),
    receiptUrl: z.string().optional(),
    at: time,
  })
  .meta({ id: 'Transaction' });

const rejectedEvent = z.strictObject({
  index: z.number().int(),
  id: z.string(),
  code: z.string(),
  message: z.string(),
});
const count = z.number().int().optional();
/** They belong to single codes (docs/errors.md). What no problem may have does not compile. */
const membersOfProblems = {
  available: money.optional().meta({ description: 'Of `insufficient_funds`.' }),
  reasons: z.array(reason).optional().meta({ description: 'Of `account_suspended`.' }),
  rejected: z.array(rejectedEvent).optional().meta({ description: 'Of `events_rejected`.' }),
  declineCode: z.string().nullable().optional().meta({ description: "Of `card_declined`: the provider's reason." }),
  wouldCharge: money
    .nullable()
    .optional()
    .meta({ description: 'Of `charge_changed`: what would be charged at once now; null: nothing.' }),
  archives: z
    .array(z.strictObject({ month: z.string(), file: z.string() }))
    .optional()
    .meta({ description: 'Of `not_found`: where an older usage event may stand.' }),
  url: z.string().optional().meta({ description: 'Of `card_declined`: where the bank asks to confirm.' }),
  id: z.string().optional().meta({ description: 'Of `card_declined`: the prepayment.' }),
  limit: count.meta({ description: 'Of what there may be so many at most: how many, or how many bytes.' }),
  in_use: count.meta({ description: 'Beside `limit`: how much there is.' }),
  requested: count.meta({ description: 'Beside `limit`, where several are asked for at once: how many.' }),
} satisfies Record<ProblemMember, z.ZodType>;

export const problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
    errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
    ...membersOfProblems,
  })
  .meta({ id: 'Problem' });

export const openAiError = z
  .object({
    error: z
      .object({
        message: z.string(),
        type: z.string(),
        param: z.string().nullable(),
        code: z.string().nullable(),
        errors: z
          .array(
            z.object({
              message: z.string(),
              code: z.string().optional(),
              param: z.string().nullable().optional(),
              line: z.number().int().nullable().optional(),
              path: z.string().optional(),
            }),
          )
          .optional()
          .meta({
            description:
              'Of a refused file: its first 100 faults, with `code`, `param` and `line`, which counts from 1. Else the fields that are wrong, by `path`.',
          }),
      })
      .loose(),
  })
  .meta({ id: 'OpenAiError' });
