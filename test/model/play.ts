/** Plays sequences of commands to the database and to the model at once, and says where the two first part. */
import { deepStrictEqual } from 'node:assert';
import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import type { Policy } from '../../domain/accountState';
import { createAccount } from '../../ledger/accounts/createAccount';
import { lockAccount } from '../../ledger/accounts/lockAccount';
import { transaction, type Tx } from '../../ledger/db';
import { readSnapshot } from '../../ledger/decisions/readSnapshot';
import { expireHolds } from '../../ledger/holds/expireHolds';
import { postUsage } from '../../ledger/usage/postUsage';
import { AccountModel } from './accountModel';
import { ActualAccount } from './actualAccount';
import { ActualWorkflow } from './actualWorkflow';
import { RETRY_DELAYS_MS } from './autoReload';
import type { Command, Sequence } from './commands';
import { readPositions, type Seen } from './readPositions';

/** What has happened how often, such as `hold placed`: a test that meets no strike says nothing of strikes. */
export type Tally = Map<string, number>;
/** `nth`: of which sequence. */
export class Parted extends Error {
  constructor(
    readonly nth: number,
    where: string,
    cause: Error,
  ) {
    super(`${where}: ${cause.message}`, { cause });
  }
}

/** So many accounts go through their commands together: usage of all of them is one commit, as it is in the product. */
const TOGETHER = 100;
/** Each on a connection of its own. */
const LANES = 3;
/** A workflow that does not come to rest within so many decisions never does. */
const DECISIONS_MAX = 40;

/** Stops at the first sequence that parts, and throws it. Returns what Postgres says of each account in the end. */
export async function play(pool: Pool, sequences: readonly Sequence[], tally: Tally = new Map()): Promise<Seen[]> {
  const ends: Seen[] = [];
  const groups = Array.from({ length: Math.ceil(sequences.length / TOGETHER) }, (_, n) => n * TOGETHER);
  let parted = false;
  const lane = async (): Promise<void> => {
    for (let begins = groups.shift(); begins !== undefined && !parted; begins = groups.shift())
      for (const { nth, seen } of await new Group(
        pool,
        sequences.slice(begins, begins + TOGETHER),
        begins,
        tally,
      ).play())
        ends[nth] = seen!;
  };
  const lanes = Array.from({ length: LANES }, () => lane().catch((error: unknown) => ((parted = true), error)));
  const error = (await Promise.all(lanes)).find((ended) => ended !== undefined);
  if (error !== undefined) throw error as Error;
  return ends;
}

class Pair {
  readonly model: AccountModel;
  readonly actual: ActualAccount;
  readonly workflow: ActualWorkflow;
  /** What Postgres said last, and at what time of the sequence. */
  seen: Seen | null = null;
  lookedMs: number | null = null;

  constructor(
    readonly nth: number,
    readonly sequence: Sequence,
  ) {
    const policy: Policy = { trigger: sequence.below ? 'below' : 'at_or_below', retryDelaysMs: RETRY_DELAYS_MS };
    this.model = new AccountModel(sequence.below);
    this.actual = new ActualAccount(`model_${randomBytes(8).toString('hex')}`, policy);
    this.workflow = new ActualWorkflow(this.actual);
  }
}

class Group {
  private readonly pairs: Pair[];

  constructor(
    private readonly pool: Pool,
    sequences: readonly Sequence[],
    begins: number,
    private readonly tally: Tally,
  ) {
    this.pairs = sequences.map((sequence, n) => new Pair(begins + n, sequence));
  }

  async play(): Promise<readonly Pair[]> {
    await transaction(this.pool, async (tx) => {
      for (const { actual } of this.pairs)
        await createAccount(tx, { id: actual.id, name: 'Model', tier: 'standard', members: [] }, actual.policy);
    });
    const rounds = Math.max(...this.pairs.map(({ sequence }) => sequence.commands.length));
    for (let round = 0; round < rounds; round++) await this.round(round);
    return this.pairs;
  }

  /** The round's command of each account in one transaction, then a look at all of them. */
  private async round(round: number): Promise<void> {
    const pairs = this.pairs.filter(({ sequence }) => round < sequence.commands.length);
    const at = (pair: Pair) => `command ${round + 1}, ${JSON.stringify(pair.sequence.commands[round])}`;
    await transaction(this.pool, async (tx) => {
      await this.use(tx, pairs, round);
      await expire(tx, pairs, round);
      for (const pair of pairs)
        await parting(pair, at(pair), () => this.perform(tx, pair, pair.sequence.commands[round]!));
    });
    await this.compare(pairs, at);
  }

  /** Usage of many accounts in one statement. */
  private async use(tx: Tx, pairs: readonly Pair[], round: number): Promise<void> {
    const using = pairs.flatMap((pair) => {
      const command = pair.sequence.commands[round]!;
      return command.do === 'use' ? [{ pair, events: pair.actual.priced(command.events, pair.model.nowMs) }] : [];
    });
    if (using.length === 0) return;
    const posted = await postUsage(
      tx,
      using.flatMap(({ events }) => events),
    );
    let begins = 0;
    for (const { pair, events } of using) {
      const command = pair.sequence.commands[round]!;
      const answer = pair.actual.outcomes(posted, begins, events.length);
      begins += events.length;
      await parting(pair, `command ${round + 1}, ${JSON.stringify(command)}`, () =>
        this.isAnswered(pair, command, answer),
      );
    }
  }

  private async perform(tx: Tx, pair: Pair, command: Command): Promise<void> {
    if (command.do === 'use') return;
    const answer = await pair.actual.perform(tx, command, pair.model.nowMs);
    this.isAnswered(pair, command, answer);
    if (command.do === 'turn' || command.do === 'ask') await this.takeTurn(tx, pair, command);
  }

  private isAnswered({ model }: Pair, command: Command, answer: unknown): void {
    deepStrictEqual(answer, model.perform(command), 'the answer (actual, expected)');
    for (const one of [answer].flat())
      this.count(`${command.do} ${typeof one === 'string' ? one.split(' ')[0] : ''}`.trim());
  }

  private async takeTurn(tx: Tx, pair: Pair, command: Extract<Command, { do: 'turn' | 'ask' }>): Promise<void> {
    const { model, actual, workflow } = pair;
    workflow.hear(await lockAccount(tx, actual.id), command.do === 'ask' ? command.request : null);
    let asked = 0;
    for (let decisions = 0; decisions < DECISIONS_MAX; decisions++) {
      const decision = workflow.decide(model.nowMs);
      const expected = model.workflow.decide(model.nowMs);
      isSameDecision(workflow.inBrief(decision), expected, `decision ${decisions + 1}`);
      this.count(`decided ${decision.kind}`);
      if (decision.kind === 'wait' || decision.kind === 'rest') return;
      const stripe = command.stripe[asked % command.stripe.length]!;
      if (decision.kind === 'attempt' || decision.kind === 'cancel') asked += 1;
      const answer = await workflow.act(tx, decision, stripe, model.nowMs);
      deepStrictEqual(
        answer,
        model.workflow.act(expected, stripe, model.nowMs),
        `what came of ${decision.kind} (actual, expected)`,
      );
      if (answer !== null)
        this.count(
          `answered ${answer
            .split(' ')
            .slice(0, answer.startsWith('refused') ? 2 : 1)
            .join(' ')}`,
        );
    }
  }

  /** Money, gate and reservations as everybody can see them, and what the workflow would read and decide. */
  private async compare(pairs: readonly Pair[], at: (pair: Pair) => string): Promise<void> {
    const seen = await readPositions(
      this.pool,
      pairs.map(({ actual, seen: before }) => ({ actual, linesKnown: before?.lines ?? 0 })),
    );
    const moved: Pair[] = [];
    for (const [n, pair] of pairs.entries()) {
      await parting(pair, `after ${at(pair)}`, () => isWhatTheModelSays(pair, seen[n]!));
      if (pair.lookedMs !== pair.model.nowMs || pair.seen?.row !== seen[n]!.row) moved.push(pair);
      pair.seen = seen[n]!;
      pair.lookedMs = pair.model.nowMs;
    }
    await rolledBack(this.pool, async (tx) => {
      for (const pair of moved) await parting(pair, `after ${at(pair)}`, () => look(tx, pair));
    });
  }

  private count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1);
  }
}

function isWhatTheModelSays({ model, seen: before }: Pair, { position, newLines, gate, gateVersion }: Seen): void {
  deepStrictEqual(position, model.position, 'the position (actual, expected)');
  const known = before?.lines ?? 0;
  const expected = model.purse.lines.slice(known).map((line, nth) => ({ sequence: known + nth + 1, ...line }));
  deepStrictEqual(newLines, expected, 'the ledger lines (actual, expected)');
  // S4: the gate's version only grows, and does whenever the gate is another.
  const least = before ? before.gateVersion + (before.gate === gate ? 0 : 1) : 0;
  if (gateVersion < least)
    throw new Error(`the gate is ${gate} with version ${gateVersion}, at least ${least} expected`);
}

/** What the workflow would read now, and decide from it. */
async function look(tx: Tx, { model, actual, workflow }: Pair): Promise<void> {
  const snapshot = await readSnapshot(tx, { accountId: actual.id }, actual.policy);
  deepStrictEqual(workflow.snapshotInBrief(snapshot), model.snapshot, 'the snapshot (actual, expected)');
  const decision = workflow.inBrief(workflow.decideFrom(snapshot, model.nowMs));
  isSameDecision(decision, model.workflow.decideFresh(model.nowMs), 'the decision');
}

/** Lets the holds of all accounts whose command it is run out, and ends them in one statement. */
async function expire(tx: Tx, pairs: readonly Pair[], round: number): Promise<void> {
  const ids = pairs.flatMap(({ actual, sequence }) => {
    const command = sequence.commands[round]!;
    return command.do === 'expire' ? [actual.holdAt(command.hold)] : [];
  });
  if (ids.length === 0) return;
  await tx.query(`update holds set expires_at = clock_timestamp() - interval '1 second' where id = any($1)`, [ids]);
  await expireHolds(tx, 1_000);
}

function isSameDecision(actual: object, expected: Record<string, unknown>, what: string): void {
  const { sinceMs: _, ...counts } = expected;
  deepStrictEqual(actual, counts, `${what} (actual, expected)`);
}

async function rolledBack(pool: Pool, work: (tx: Tx) => Promise<void>): Promise<void> {
  const undone = new Error('undone');
  await transaction(pool, async (tx) => {
    await work(tx);
    throw undone;
  }).catch((error: unknown) => {
    if (error !== undone) throw error;
  });
}

async function parting(pair: Pair, where: string, work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new Parted(pair.nth, where, error as Error);
  }
}
