/** What may happen to an account, as plain data: so that a sequence that fails can be shrunk, read and repeated. */
import fc from 'fast-check';

/** `hold`: the nth hold that was placed, counted around; null: none; -1: one that the account does not have. */
export type Use = { id: number; tokens: number; hold: number | null };
export type Result = { line: number; cents: number; failed: boolean };
/** What Stripe answers when it is asked next. `owner`: declined, and its owner can confirm it. `lost`: declined for good. */
export type StripeAnswer = 'paid' | 'declined' | 'lost' | 'owner' | 'unknown';
export type Settings = { thresholdCents: number; amountCents: number; monthlyLimitCents: number | null };

/** Things are named by the order in which they were made, counted around: any number names one as long as there is one. */
export type Command =
  | { do: 'adjust'; cents: number; key: number }
  | { do: 'use'; events: Use[] }
  | { do: 'hold'; cents: number; key: number }
  | { do: 'settle'; hold: number; events: Omit<Use, 'hold'>[] }
  | { do: 'release' | 'expire'; hold: number }
  | { do: 'reverse'; event: number; key: number }
  | { do: 'batch'; requests: number; cents: number; key: number | null; begins: boolean }
  | { do: 'claim'; batch: number; limit: number }
  | { do: 'results'; batch: number; results: Result[] }
  | { do: 'cancel' | 'close' | 'finish' | 'fail'; batch: number }
  | { do: 'prepay'; cents: number }
  /** News of a payment comes, for the first time or again. */
  | { do: 'news'; payment: number; paid: boolean }
  | { do: 'refund'; payment: number; cents: number }
  | { do: 'dispute' | 'fail_refund' | 'win' | 'lose'; payment: number }
  | { do: 'suspend' }
  | { do: 'lift'; reason: 'admin_suspended' | 'payment_disputed' }
  | { do: 'card'; role: 'primary' | 'backup' }
  | { do: 'pass'; seconds: number }
  /** The workflow decides and acts until it has to wait. */
  | { do: 'turn'; stripe: StripeAnswer[] }
  /** An owner asks something of the workflow, which has its turn then. */
  | { do: 'ask'; request: Asked; stripe: StripeAnswer[] };
export type Asked = { kind: 'configure'; settings: Settings } | { kind: 'pause' | 'resume' | 'disable' };

/** `below`: the deployment reloads strictly below the threshold (A3). */
export type Sequence = { below: boolean; commands: Command[] };

const few = fc.nat({ max: 3 });
const cents = (min: number, max: number) =>
  fc.oneof(
    fc.integer({ min: min / 100, max: max / 100 }).map((dollars) => dollars * 100),
    fc.integer({ min, max }),
  );
const list = <T>(one: fc.Arbitrary<T>, maxLength: number) => fc.array(one, { minLength: 1, maxLength });

const use = {
  id: fc.nat({ max: 5 }),
  tokens: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(1, 100) }, { weight: 2, arbitrary: fc.nat({ max: 60 }) }),
};
const named = fc.record({
  ...use,
  hold: fc.oneof(
    { weight: 4, arbitrary: fc.constant(null) },
    { weight: 3, arbitrary: few },
    { weight: 1, arbitrary: fc.constant(-1) },
  ),
});
const stripe = fc.oneof(
  { weight: 2, arbitrary: fc.constant<StripeAnswer[]>(['declined']) },
  { weight: 3, arbitrary: list(answer(), 4) },
);
function answer(): fc.Arbitrary<StripeAnswer> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant('paid' as const) },
    { weight: 4, arbitrary: fc.constant('declined' as const) },
    { weight: 1, arbitrary: fc.constantFrom('lost' as const, 'owner' as const) },
    { weight: 2, arbitrary: fc.constant('unknown' as const) },
  );
}
const settings = fc.record({
  thresholdCents: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(500, 1_000, 2_500) },
    // So much that a reload is always due, and a first charge is too large.
    { weight: 1, arbitrary: fc.constant(1_300_000) },
  ),
  amountCents: fc.constantFrom(500, 1_500, 2_500),
  monthlyLimitCents: fc.constantFrom(null, null, 2_500, 6_000),
});
const asked: fc.Arbitrary<Asked> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('configure' as const), settings }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const, 'disable' as const) }),
  },
);

type Weighted = { weight: number; arbitrary: fc.Arbitrary<Command> };
const of = (weight: number, arbitrary: fc.Arbitrary<unknown>): Weighted => ({
  weight,
  arbitrary: arbitrary as fc.Arbitrary<Command>,
});
const bare = (weight: number, ...does: string[]): Weighted => of(weight, fc.record({ do: fc.constantFrom(...does) }));
const at = (name: 'hold' | 'batch' | 'payment', weight: number, ...does: string[]): Weighted =>
  of(weight, fc.record({ do: fc.constantFrom(...does), [name]: few }));

const adjust = fc.record({ do: fc.constant('adjust'), cents: cents(-3_000, 3_000).filter((c) => c !== 0), key: few });
const MONEY = [
  of(3, adjust),
  of(8, fc.record({ do: fc.constant('use'), events: list(named, 4) })),
  of(5, fc.record({ do: fc.constant('hold'), cents: cents(0, 1_500), key: few })),
  of(5, fc.record({ do: fc.constant('settle'), hold: few, events: list(fc.record(use), 3) })),
  at('hold', 5, 'release', 'expire'),
  of(4, fc.record({ do: fc.constant('reverse'), event: fc.nat({ max: 3 }), key: fc.nat({ max: 1 }) })),
];

const job = fc.record({
  do: fc.constant('batch'),
  requests: fc.integer({ min: 1, max: 5 }),
  cents: cents(0, 400),
  key: fc.option(few),
  begins: fc.integer({ min: 0, max: 2 }).map((n) => n > 0),
});
const result = fc.record({ line: fc.integer({ min: 1, max: 6 }), cents: cents(0, 700), failed: fc.boolean() });
const BATCHES = [
  of(2, adjust),
  of(5, job),
  of(3, fc.record({ do: fc.constant('claim'), batch: few, limit: fc.integer({ min: 1, max: 3 }) })),
  of(5, fc.record({ do: fc.constant('results'), batch: few, results: list(result, 4) })),
  at('batch', 4, 'cancel', 'close', 'finish', 'fail'),
];

const prepay = fc.record({ do: fc.constant('prepay'), cents: cents(500, 5_000) });
const lift = fc.record({ do: fc.constant('lift'), reason: fc.constantFrom('admin_suspended', 'payment_disputed') });
const news = fc.record({ do: fc.constant('news'), payment: few, paid: fc.boolean() });
const PAYMENTS = [
  of(3, prepay),
  of(2, news),
  of(3, fc.record({ do: fc.constant('refund'), payment: few, cents: cents(100, 3_000) })),
  at('payment', 4, 'dispute'),
  at('payment', 4, 'fail_refund', 'win', 'lose'),
  of(2, lift),
];

const turn = fc.record({ do: fc.constant('turn'), stripe });
const RELOADS = [
  of(4, fc.record({ do: fc.constant('use'), events: list(fc.record({ ...use, hold: fc.constant(null) }), 2) })),
  of(2, fc.record({ do: fc.constant('card'), role: fc.constantFrom('primary', 'backup') })),
  of(4, fc.record({ do: fc.constant('pass'), seconds: fc.constantFrom(1, 30, 60, 300, 5_400) })),
  of(8, turn),
  of(5, fc.record({ do: fc.constant('ask'), request: asked, stripe })),
  of(1, news),
  bare(1, 'suspend'),
  of(1, lift),
];

const CONFIGURED: Command = {
  do: 'ask',
  request: { kind: 'configure', settings: { thresholdCents: 1_000, amountCents: 1_500, monthlyLimitCents: null } },
  stripe: ['paid'],
};
const PAID: Command[] = [
  { do: 'card', role: 'primary' },
  { do: 'prepay', cents: 2_000 },
];
const FUNDED: Command = { do: 'adjust', cents: 3_000, key: 0 };

/** What a sequence is about, and how most of them begin: else most commands would name what is not there. */
const THEMES: { opening: Command[]; commands: Weighted[] }[] = [
  { opening: [FUNDED, { do: 'hold', cents: 700, key: 0 }], commands: MONEY },
  {
    opening: [FUNDED, { do: 'batch', requests: 4, cents: 300, key: 0, begins: true }],
    commands: [...BATCHES, ...MONEY.slice(1, 3), bare(1, 'suspend'), of(1, lift)],
  },
  { opening: [...PAID, CONFIGURED], commands: [...PAYMENTS, ...RELOADS] },
  {
    opening: [...PAID, CONFIGURED, { do: 'use', events: [{ id: 9, tokens: 150, hold: null }] }],
    commands: RELOADS,
  },
  { opening: [...PAID, FUNDED], commands: [...MONEY, ...BATCHES, ...PAYMENTS, ...RELOADS] },
];

/** An earlier command once more, just as it was: what comes twice must count once. */
type Again = { do: 'again'; back: number };
const again: fc.Arbitrary<Again> = fc.record({ do: fc.constant('again'), back: fc.integer({ min: 1, max: 4 }) });

function repeat(drawn: readonly (Command | Again)[]): Command[] {
  const commands: Command[] = [];
  for (const one of drawn) {
    const meant = one.do === 'again' ? commands.at(-one.back) : one;
    if (meant) commands.push(meant);
  }
  return commands;
}

const about = ({ opening, commands }: (typeof THEMES)[number]): fc.Arbitrary<Sequence> => {
  const one = fc.oneof({ weight: 8, arbitrary: fc.oneof(...commands) }, { weight: 1, arbitrary: again });
  return fc
    .tuple(
      fc.boolean(),
      fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, { weight: 5, arbitrary: fc.constant(opening) }),
      fc.array(one, { maxLength: 14, size: 'max' }),
    )
    .map(([below, begun, drawn]) => ({ below, commands: [...begun, ...repeat(drawn)] }));
};

/** Evenly long: by itself fast-check prefers what is short and small. */
export const sequences: fc.Arbitrary<Sequence> = fc.noBias(fc.oneof(...THEMES.map(about)));
