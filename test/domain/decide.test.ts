/** The policy, branch by branch; and that it always comes to rest. */
import fc from 'fast-check';
import type { AccountState, Snapshot, AccountStatus } from '../../domain/accountState';
import { decide, retryDelayMs } from '../../domain/decide';
import type { Decision, StatusNotice } from '../../domain/decision';
import { parseMoney } from '../../domain/money';

const runs = { numRuns: Number(process.env.PROPERTY_RUNS ?? 500) };
const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

const primary = { id: 'pm_1', role: 'primary' as const, usable: true };
const backup = { id: 'pm_2', role: 'backup' as const, usable: true };
const openReload: NonNullable<Snapshot['reload']> = {
  id: 'r1',
  number: 1,
  cents: 2_500,
  state: 'charging',
  attempt: 1,
  dueMs: NOW,
  first: false,
  tried: [],
};

function snapshot(given: Partial<Snapshot> = {}): Snapshot {
  return {
    accountId: 'a',
    revision: 1,
    watermark: 1,
    available: '50.00',
    setReasons: [],
    settings: { status: 'on', version: 3, thresholdCents: 1_000, amountCents: 2_500, monthlyLimitCents: null },
    strikes: 0,
    lastStrikeMs: null,
    methodsVersion: 2,
    triedMethodsVersion: 0,
    methods: [primary, backup],
    reload: null,
    uncanceled: null,
    flag: { reasons: [], sinceMs: 0, told: 'never' },
    toldLow: false,
    blocked: null,
    policy: { trigger: 'at_or_below', retryDelaysMs: [MINUTE, 5 * MINUTE] },
    ...given,
  };
}

function state(given: Partial<Snapshot> = {}, rest: Partial<AccountState> = {}): AccountState {
  const known = snapshot(given);
  return {
    snapshot: known,
    acknowledgedAvailable: known.available,
    stale: false,
    charging: false,
    requests: [],
    firstCharge: null,
    retry: { dueMs: 0, tries: 0 },
    decisions: [],
    ...rest,
  };
}

/** `toldLow`, as it is once a low balance has been dealt with: tests of other branches need not care. */
const low = { available: '10.00', toldLow: true };

const cases: [string, AccountState, Partial<Decision>][] = [
  ['rests when there is nothing to do', state(), { kind: 'rest' }],
  [
    'reads when it is stale, before anything else',
    state(low, { stale: true, requests: [{ kind: 'pause', requestId: 'q', actor: 'o' }] }),
    { kind: 'read' },
  ],
  [
    'answers requests before it charges',
    state(low, { requests: [{ kind: 'pause', requestId: 'q', actor: 'o' }] }),
    { kind: 'answer' },
  ],
  ['A3 opens a reload at the threshold', state(low), { kind: 'open', settingsVersion: 3, rule: 'A3' }],
  [
    'A3 opens none strictly at the threshold when the deployment says "below"',
    state({ ...low, policy: { trigger: 'below', retryDelaysMs: [] } }),
    { kind: 'rest' },
  ],
  [
    'A13 opens none while paused',
    state({ available: '10.00', settings: { ...snapshot().settings, status: 'paused' } }),
    { kind: 'rest' },
  ],
  [
    'A8 opens none once disabled',
    state({ available: '10.00', settings: { ...snapshot().settings, status: 'disabled_after_failures' } }),
    { kind: 'rest' },
  ],
  [
    'P5 opens none under a suspension, and says so once',
    state({
      ...low,
      setReasons: ['admin_suspended'],
      flag: { reasons: ['admin_suspended'], sinceMs: 0, told: 'told' },
    }),
    { kind: 'save_status', act: 'not_charged' },
  ],
  [
    'P5 has said so',
    state({
      ...low,
      setReasons: ['admin_suspended'],
      flag: { reasons: ['admin_suspended'], sinceMs: 0, told: 'told' },
      blocked: { by: 'suspended', untilMs: null },
    }),
    { kind: 'rest' },
  ],
  [
    'A12 waits out a guard',
    state({ ...low, blocked: { by: 'breaker', untilMs: NOW + 5 } }),
    { kind: 'wait', untilMs: NOW + 5 },
  ],
  ['A12 opens when the guard is over', state({ ...low, blocked: { by: 'breaker', untilMs: NOW } }), { kind: 'open' }],
  [
    'A10 waits a minute after the first strike, also for a new reload',
    state({ ...low, strikes: 1, lastStrikeMs: NOW - 1, triedMethodsVersion: 2 }),
    { kind: 'wait', untilMs: NOW - 1 + MINUTE },
  ],
  [
    'A10 does not wait when there is a new method',
    state({ ...low, strikes: 1, lastStrikeMs: NOW - 1, triedMethodsVersion: 1 }),
    { kind: 'open' },
  ],
  [
    'A7 cancels an unpaid reload before the next opens',
    state({ ...low, uncanceled: { paymentId: 'p', awaitsOwner: true } }),
    { kind: 'cancel', paymentId: 'p' },
  ],
  [
    'A7 cancels an unpaid reload at once',
    state({ uncanceled: { paymentId: 'p', awaitsOwner: false } }),
    { kind: 'cancel' },
  ],
  [
    'A7 leaves one that awaits its owner until the next opens',
    state({ uncanceled: { paymentId: 'p', awaitsOwner: true } }),
    { kind: 'rest' },
  ],
  [
    'A9 asks Stripe again only after a while',
    state({ uncanceled: { paymentId: 'p', awaitsOwner: false } }, { retry: { dueMs: NOW + 9, tries: 1 } }),
    { kind: 'wait', untilMs: NOW + 9 },
  ],
  [
    'A6 tries the primary method first',
    state({ ...low, reload: openReload }),
    { kind: 'attempt', methodId: 'pm_1', role: 'primary' },
  ],
  [
    'A6 tries the backup when the primary was declined',
    state({ ...low, reload: { ...openReload, tried: [{ methodId: 'pm_1', outcome: 'declined' }] } }),
    { kind: 'attempt', methodId: 'pm_2', role: 'backup' },
  ],
  [
    'A11 skips a method that was declined for good',
    state({ ...low, reload: openReload, methods: [{ ...primary, usable: false }, backup] }),
    { kind: 'attempt', methodId: 'pm_2' },
  ],
  [
    'A9 finds out what became of an unknown charge before it tries another method',
    state({ ...low, reload: { ...openReload, state: 'unknown', tried: [{ methodId: 'pm_1', outcome: 'unknown' }] } }),
    { kind: 'attempt', methodId: 'pm_1', rule: 'A9' },
  ],
  [
    'A10 it is a strike when every method was declined',
    state({
      ...low,
      reload: {
        ...openReload,
        tried: [
          { methodId: 'pm_1', outcome: 'declined' },
          { methodId: 'pm_2', outcome: 'declined' },
        ],
      },
    }),
    { kind: 'strike', disables: false },
  ],
  [
    'A11 it is a strike when there is no usable method',
    state({ ...low, reload: openReload, methods: [] }),
    { kind: 'strike' },
  ],
  [
    'A8 the third strike disables',
    state({ ...low, strikes: 2, lastStrikeMs: 0, reload: { ...openReload, attempt: 3 }, methods: [] }),
    { kind: 'strike', disables: true },
  ],
  [
    'A5 a first charge that fails is no strike',
    state(
      { ...low, reload: { ...openReload, first: true }, methods: [] },
      { firstCharge: { requestId: 'r1', reloadId: 'r1' } },
    ),
    { kind: 'close', state: 'failed' },
  ],
  [
    'A5 answers its request when a first charge has ended',
    state({}, { firstCharge: { requestId: 'q', reloadId: 'r1' } }),
    { kind: 'conclude', requestId: 'q' },
  ],
  [
    'A10 waits between attempts',
    state({ ...low, reload: { ...openReload, state: 'waiting', dueMs: NOW + 7 }, triedMethodsVersion: 2 }),
    { kind: 'wait', untilMs: NOW + 7 },
  ],
  [
    'A10 a new method ends the wait',
    state({ ...low, reload: { ...openReload, state: 'waiting', dueMs: NOW + 7 }, triedMethodsVersion: 1 }),
    { kind: 'attempt', rule: 'A10' },
  ],
  [
    'A10 a risen balance closes the reload',
    state({ reload: openReload }),
    { kind: 'close', state: 'canceled', rule: 'A10' },
  ],
  [
    'A10 pausing closes the reload',
    state({ ...low, reload: openReload, settings: { ...snapshot().settings, status: 'paused' } }),
    { kind: 'close', rule: 'A10' },
  ],
  [
    'P5 a suspension closes the reload',
    state({ ...low, reload: openReload, setReasons: ['payment_disputed'] }),
    { kind: 'close', rule: 'P5' },
  ],
  [
    'leaves the reload alone while a charge is under way',
    state({ ...low, reload: openReload }, { charging: true }),
    { kind: 'rest' },
  ],
  [
    'S2 suspends at zero, and tells it when no reload is in flight',
    state({ available: '0.00', settings: { status: 'off', version: 0 } }),
    { kind: 'save_status', act: 'suspend', notice: 'suspended' },
  ],
  [
    'N1 does not tell it while a reload is in flight',
    state({ available: '0.00', reload: openReload }, { charging: true }),
    { kind: 'save_status', act: 'suspend', notice: null },
  ],
  [
    'N1 waits a minute at most to tell it',
    state(
      {
        available: '0.00',
        toldLow: true,
        reload: openReload,
        flag: { reasons: ['balance_exhausted'], sinceMs: NOW - 1, told: 'due' },
      },
      { charging: true },
    ),
    { kind: 'wait', untilMs: NOW - 1 + MINUTE },
  ],
  [
    'N1 tells it after that minute',
    state(
      {
        available: '0.00',
        toldLow: true,
        reload: openReload,
        flag: { reasons: ['balance_exhausted'], sinceMs: NOW - MINUTE, told: 'due' },
      },
      { charging: true },
    ),
    { kind: 'save_status', notice: 'suspended' },
  ],
  [
    'S2 resumes as soon as money is there',
    state({ flag: { reasons: ['balance_exhausted'], sinceMs: 0, told: 'told' } }),
    { kind: 'save_status', act: 'resume', notice: 'resumed' },
  ],
  [
    'N1 tells no return that follows no telling',
    state({ flag: { reasons: ['balance_exhausted'], sinceMs: 0, told: 'due' } }),
    { kind: 'save_status', act: 'resume', notice: null },
  ],
  [
    'N1 tells a low balance when auto-reload is off',
    state({ available: '4.00', settings: { status: 'off', version: 0 } }),
    { kind: 'save_status', act: 'note', notice: 'low_balance' },
  ],
  [
    'N1 forgets the telling once the balance has risen',
    state({ toldLow: true }),
    { kind: 'save_status', act: 'note', notice: null },
  ],
  [
    'acknowledges a crossing that asks for nothing else',
    state({ available: '20.00' }, { acknowledgedAvailable: '5.00' }),
    { kind: 'read' },
  ],
];

test.each(cases)('%s', (_title, given, expected) => {
  expect(decide(given, NOW)).toMatchObject(expected);
});

test.each(cases)('A15 what is decided is said in plain English: %s', (_name, given) => {
  const decision = decide(given, NOW);
  if ('because' in decision) expect(decision.because).toMatch(/^[a-z][A-Za-z0-9 ,:.$-]{10,160}$/);
});

test('A10 the last delay stands for all later strikes', () => {
  expect([1, 2, 3, 9].map((strikes) => retryDelayMs([MINUTE, 5 * MINUTE], strikes))).toEqual([
    MINUTE,
    5 * MINUTE,
    5 * MINUTE,
    5 * MINUTE,
  ]);
  expect(retryDelayMs([], 1)).toBe(0);
});

const anyState = fc
  .record({
    available: fc.constantFrom('-1.00', '0.00', '4.00', '10.00', '10.000000001', '50.00'),
    status: fc.constantFrom('off' as const, 'on' as const, 'paused' as const, 'disabled_after_failures' as const),
    setReasons: fc.subarray(['admin_suspended' as const, 'payment_disputed' as const]),
    strikes: fc.integer({ min: 0, max: 2 }),
    charging: fc.boolean(),
    reload: fc.option(
      fc.record({
        state: fc.constantFrom('charging' as const, 'waiting' as const, 'unknown' as const),
        due: fc.constantFrom(-1, 0, 1),
        first: fc.boolean(),
        tried: fc.subarray(['pm_1', 'pm_2']),
        outcome: fc.constantFrom('declined' as const, 'unknown' as const),
      }),
    ),
    told: fc.constantFrom('due' as const, 'told' as const, 'never' as const),
    flag: fc.subarray(['balance_exhausted' as const, 'admin_suspended' as const]),
    toldLow: fc.boolean(),
    blocked: fc.option(
      fc.constantFrom(
        { by: 'breaker' as const, untilMs: NOW + 1 },
        { by: 'monthly_limit' as const, untilMs: NOW },
        { by: 'suspended' as const, untilMs: null },
        { by: 'pending_payment' as const, untilMs: null },
      ),
    ),
    uncanceled: fc.option(
      fc.record({
        paymentId: fc.constant('p'),
        awaitsOwner: fc.boolean(),
        failing: fc.option(
          fc.record({ tries: fc.integer({ min: 1, max: 6 }), since: fc.constant(''), because: fc.constant('') }),
        ),
        dueMs: fc.constantFrom(NOW - 1, NOW, NOW + 1),
      }),
    ),
    falls: fc.record({
      suspensions: fc.integer({ min: 1, max: 2 }),
      seenSuspensions: fc.constant(1),
      lows: fc.integer({ min: 1, max: 2 }),
      toldLows: fc.constant(1),
    }),
    retry: fc.record(
      {
        dueMs: fc.constantFrom(0, NOW - 1, NOW + 1),
        tries: fc.constant(1),
        canceling: fc.record({ paymentId: fc.constantFrom('p', 'other'), dueMs: fc.constant(NOW) }),
      },
      { requiredKeys: ['dueMs', 'tries'] },
    ),
  })
  .map((given) =>
    state(
      {
        available: given.available,
        setReasons: given.setReasons,
        strikes: given.strikes,
        lastStrikeMs: given.strikes ? NOW - 1 : null,
        triedMethodsVersion: 2,
        settings: { ...snapshot().settings, status: given.status },
        toldLow: given.toldLow,
        blocked: given.blocked,
        flag: { reasons: given.flag, sinceMs: NOW - 1, told: given.told },
        uncanceled: given.uncanceled,
        falls: given.falls,
        reload: given.reload && {
          ...openReload,
          state: given.reload.state,
          dueMs: NOW + given.reload.due,
          first: given.reload.first,
          tried: given.reload.tried.map((methodId) => ({ methodId, outcome: given.reload!.outcome })),
        },
      },
      { charging: given.charging, retry: given.retry },
    ),
  );

/** Of these a reload is due and none is open, which is rare among all. */
const anyDue = fc
  .tuple(anyState, fc.constantFrom('-1.00', '0.00', '4.00', '10.00'), fc.boolean())
  .map(([given, available, isStopped]): AccountState => {
    const { snapshot: known } = given;
    const setReasons = isStopped ? known.setReasons : [];
    const settings = { ...known.settings, status: 'on' as const };
    return {
      ...given,
      acknowledgedAvailable: available,
      charging: false,
      snapshot: { ...known, available, setReasons, settings, reload: null },
    };
  });

test('P5 no reload opens and no attempt begins under a suspension, whatever else is so', () => {
  fc.assert(
    fc.property(anyState, (given) => {
      const { kind } = decide(given, NOW);
      return given.snapshot.setReasons.length === 0 || (kind !== 'open' && kind !== 'attempt');
    }),
    runs,
  );
});

test('A13 nothing opens unless auto-reload is on', () => {
  fc.assert(
    fc.property(anyState, (given) => given.snapshot.settings.status === 'on' || decide(given, NOW).kind !== 'open'),
    runs,
  );
});

/** What Postgres makes of a status that is saved. */
function saved(given: AccountState, { flag, toldLow, blocked, begins }: AccountStatus): AccountState {
  const falls = { ...given.snapshot.falls! };
  if (begins?.suspension) falls.seenSuspensions = falls.suspensions;
  if (begins?.low) falls.toldLows = falls.lows;
  return { ...given, snapshot: { ...given.snapshot, flag, toldLow, blocked, falls } };
}

/** Saves each status that is decided until something else is decided. */
function statuses(given: AccountState): { end: AccountState; last: Decision; notices: StatusNotice[] } {
  const notices: StatusNotice[] = [];
  let end = given;
  for (let i = 0; i < 4; i++) {
    const last = decide(end, NOW);
    if (last.kind !== 'save_status') return { end, last, notices };
    if (last.notice) notices.push(last.notice);
    end = saved(end, last.status);
  }
  throw new Error('it does not come to rest');
}

test('what a status says is final: saved, it is not decided again, and each thing is told once', () => {
  fc.assert(
    fc.property(anyState, (given) => {
      const { notices } = statuses(given);
      return new Set(notices).size === notices.length;
    }),
    runs,
  );
});

test('A17 no silence: a reload that is due runs, or something is waited for that has its time, or the state says why not and owners know', () => {
  fc.assert(
    fc.property(fc.oneof(anyState, anyDue), (given) => {
      const { end, last, notices } = statuses(given);
      const { snapshot: now, charging } = end;
      const isDue = now.settings.status === 'on' && parseMoney(now.available) <= parseMoney('10.00');
      const isIdle = last.kind === 'rest' || last.kind === 'wait';
      if (!isDue || !isIdle || charging || now.reload) return;
      const hangs = (now.uncanceled?.failing?.tries ?? 0) >= 3;
      if (last.kind === 'wait' && now.setReasons.length === 0 && !hangs) return;
      expect(now.blocked).not.toBeNull();
      const wasTold = given.snapshot.blocked?.by === 'pending_payment' || now.flag.told !== 'never';
      expect(wasTold || notices.length > 0).toBe(true);
    }),
    { numRuns: 5 * runs.numRuns },
  );
});

test('A17 a payment that hangs is told once, and what waits for its cancellation goes on at news of it', () => {
  const hanging = { paymentId: 'p', awaitsOwner: false, failing: { tries: 3, since: '', because: '' } };
  const waits = { retry: { dueMs: NOW + MINUTE, tries: 3, canceling: { paymentId: 'p', dueMs: NOW + MINUTE } } };
  const first = state({ ...low, uncanceled: { ...hanging, dueMs: NOW + MINUTE } }, waits);
  const { end, last, notices } = statuses(first);
  expect(notices).toEqual(['pending_payment']);
  expect(end.snapshot.blocked).toEqual({ by: 'pending_payment', untilMs: null });
  expect(last).toEqual({ kind: 'wait', untilMs: NOW + MINUTE });
  const news = { ...end, snapshot: { ...end.snapshot, uncanceled: { ...hanging, dueMs: NOW } } };
  expect(decide(news, NOW)).toEqual({ kind: 'cancel', paymentId: 'p' });
  expect(decide({ ...end, snapshot: { ...end.snapshot, uncanceled: null } }, NOW)).toMatchObject({ kind: 'open' });
});

test('N1 a suspension that came and went and came again between two looks is told; so is a balance that became low again', () => {
  const flag = { reasons: ['balance_exhausted' as const], sinceMs: 0, told: 'never' as const };
  const falls = { suspensions: 1, seenSuspensions: 0, lows: 1, toldLows: 0 };
  const off = { ...snapshot().settings, status: 'off' as const };
  const unseen = { available: '-1.00', settings: off, flag, toldLow: true };
  expect(statuses(state({ ...unseen, falls })).notices).toEqual(['suspended']);
  expect(statuses(state({ ...unseen, falls: { ...falls, suspensions: 0, lows: 0 } })).notices).toEqual([]);
  expect(statuses(state({ available: '4.00', settings: off, toldLow: true, falls })).notices).toEqual(['low_balance']);
});

test('a wait is always for a time to come', () => {
  fc.assert(
    fc.property(anyState, (given) => {
      const decision = decide(given, NOW);
      return decision.kind !== 'wait' || decision.untilMs > NOW;
    }),
    runs,
  );
});

test('the state is plain JSON: carried to the next run it decides the same', () => {
  fc.assert(
    fc.property(anyState, (given) => {
      const carried = JSON.parse(JSON.stringify(given)) as AccountState;
      expect(carried).toEqual(given);
      expect(decide(carried, NOW)).toEqual(decide(given, NOW));
    }),
    runs,
  );
});

test('the workflow of a closed account ends when nothing is left to do: not before its reload is closed and its payment canceled', () => {
  const settings = { status: 'off' as const, version: 4 };
  const flag = { reasons: ['account_closed' as const], sinceMs: NOW, told: 'told' as const };
  const closed = (given: Partial<Snapshot> = {}): Decision['kind'] =>
    decide(state({ setReasons: ['account_closed'], settings, flag, ...given }), NOW).kind;
  expect(closed()).toBe('end');
  expect(closed({ reload: openReload })).toBe('close');
  expect(closed({ uncanceled: { paymentId: 'p', awaitsOwner: false } })).toBe('cancel');
  expect(closed({ flag: { reasons: [], sinceMs: NOW, told: 'never' } })).toBe('save_status');
  expect(decide(state({ settings }), NOW).kind).toBe('rest');
});
