/**
 * Ledger, holds, batches' reservations and the workflow's decisions against a model in memory, over random commands.
 * `npm run model` plays 10,000 sequences by another seed each time; MODEL_SEED repeats one. A sequence that parts from the
 * model is shrunk to a short one that still does.
 */
import fc from 'fast-check';
import { formatMoney, nano } from '../../domain/money';
import { findViolations } from '../../ledger/transactions/findViolations';
import { insertBatchModel } from '../support/batchJob';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { sequences } from './commands';
import { Parted, play, type Tally } from './play';
import { STORIES } from './stories';

const SEQUENCES = Number(process.env.MODEL_SEQUENCES ?? 500);
const SEED = Number(process.env.MODEL_SEED ?? Date.now() % 1_000_000_000);
const SHRINK_MS_MAX = 60_000;
const MS_PER_SEQUENCE = 200;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await insertBatchModel(database.pool);
});
afterAll(() => database.drop());

test.each(STORIES)('$title', async ({ commands, then }) => {
  const [end] = await play(database.pool, [{ below: false, commands }]);
  const { balance, held, gate } = end!.position;
  const inDollars = (amount: unknown) => formatMoney(nano(amount as bigint));
  expect({ balance: inDollars(balance), held: inDollars(held), gate }).toEqual(then);
});

/** What happens a dozen times and more in 500 sequences: if one of these is missing, the commands are not what they were. */
const MET = [
  'adjust posted, adjust key_reused, use taken, use duplicate, use event_conflict, use unknown_hold',
  'hold placed, hold key_reused, settle settled, settle ended, release released, reverse posted',
  'batch created, batch insufficient_funds, results recorded, finish ended',
  'refund 1, dispute 1, news credited, answered saved, answered charging',
  'decided open, decided attempt, decided strike, decided close, decided cancel, decided conclude, decided save_status',
]
  .join(', ')
  .split(', ');

test(
  `B2, B3, B5, B6, L3, S2, P5, A1–A13, N1 ${SEQUENCES} random sequences of commands (seed ${SEED}) come to what the model says`,
  async () => {
    const property = fc.asyncProperty(sequences, async (sequence) => void (await play(database.pool, [sequence])));
    const drawn = fc.sample(property, { seed: SEED, numRuns: SEQUENCES }).map(([sequence]) => sequence);
    const tally: Tally = new Map();
    try {
      await play(database.pool, drawn, tally);
    } catch (error) {
      // The same one again, alone: it is shrunk, and what it has shrunk to is thrown. A statement for many accounts does not
      // say whose fails: then all are played alone.
      const which = error instanceof Parted ? { path: `${error.nth}`, numRuns: 1 } : { numRuns: SEQUENCES };
      await fc.assert(property, { seed: SEED, ...which, interruptAfterTimeLimit: SHRINK_MS_MAX });
      throw error;
    }
    if (process.env.MODEL_TALLY)
      process.stdout.write(
        `${[...tally]
          .sort()
          .map(([what, times]) => `${times} ${what}`)
          .join('\n')}\n`,
      );
    if (SEQUENCES >= 500) expect(MET.filter((what) => !tally.has(what))).toEqual([]);
    expect(await findViolations(database.pool)).toEqual([]);
  },
  SHRINK_MS_MAX + 60_000 + SEQUENCES * MS_PER_SEQUENCE,
);
