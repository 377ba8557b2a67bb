/** The same account in Postgres: every command by the functions that the product itself calls. */
import { randomUUID } from 'node:crypto';
import type { Policy } from '../../domain/accountState';
import { nano } from '../../domain/money';
import type { PaymentAnswer, TakenBack } from '../../domain/payment';
import { cancelBatch } from '../../ledger/batches/cancelBatch';
import { claimRequests } from '../../ledger/batches/claimRequests';
import { closeBatch } from '../../ledger/batches/closeBatch';
import { createBatch } from '../../ledger/batches/createBatch';
import { endBatch } from '../../ledger/batches/endBatch';
import { insertRequests } from '../../ledger/batches/insertRequests';
import { moveBatch } from '../../ledger/batches/moveBatch';
import { readBatch } from '../../ledger/batches/readBatch';
import { recordResults } from '../../ledger/batches/recordResults';
import { liftSuspension } from '../../ledger/accounts/liftSuspension';
import { setSuspension } from '../../ledger/accounts/setSuspension';
import type { Tx } from '../../ledger/db';
import { placeHold } from '../../ledger/holds/placeHold';
import { releaseHold } from '../../ledger/holds/releaseHold';
import { settleHold } from '../../ledger/holds/settleHold';
import { addPaymentMethod } from '../../ledger/methods/addPaymentMethod';
import { insertPrepayment } from '../../ledger/payments/insertPrepayment';
import { postTakenBack } from '../../ledger/payments/postTakenBack';
import { readPaymentById } from '../../ledger/payments/readPaymentById';
import { storePaymentIntent } from '../../ledger/payments/storePaymentIntent';
import { postAdjustment } from '../../ledger/transactions/postAdjustment';
import type { PostedUsage, PricedEvent } from '../../ledger/usage/postUsage';
import { postUsageReversal } from '../../ledger/usage/postUsageReversal';
import { applyAnswer } from '../../payments/applyAnswer';
import { failed as failedResult, completed, wishFor } from '../support/batchJob';
import type { Command, Result, Use } from './commands';
import { TOKENS, TOKENS_MAX } from './batches';
import { nanoOf } from './purse';
import { costOf, OPEN_HOLDS_MAX } from './usage';

/** No sequence has so many cards. */
const METHODS_MAX = 100;

/** What Stripe would say was taken back of a payment. */
type AtStripe = TakenBack;
type Of<Do extends Command['do']> = Extract<Command, { do: Do }>;

export class ActualAccount {
  /** By the order in which they were made. */
  readonly holds: string[] = [];
  readonly jobs: string[] = [];
  readonly payments: string[] = [];
  readonly methods: string[] = [];
  private readonly atStripe = new Map<string, AtStripe>();

  constructor(
    readonly id: string,
    readonly policy: Policy,
  ) {}

  /** Usage, expiry and the workflow's turns are not done here: many accounts do them together, or they go step by step. */
  async perform(tx: Tx, command: Command, nowMs: number): Promise<unknown> {
    const { id: accountId } = this;
    switch (command.do) {
      case 'adjust': {
        const wish = {
          accountId,
          amount: nano(nanoOf(command.cents)),
          reason: 'test',
          idempotencyKey: `${command.key}`,
        };
        const answer = await postAdjustment(tx, wish);
        return answer.kind === 'posted' && answer.repeated ? 'repeated' : answer.kind;
      }
      case 'hold':
        return this.hold(tx, command);
      case 'settle':
        return this.settle(tx, command, nowMs);
      case 'release':
        return (await releaseHold(tx, accountId, this.holdAt(command.hold))).kind;
      case 'reverse': {
        const { event, key } = command;
        const wish = { accountId, eventId: `${event}`, reason: 'test', actor: 'test', idempotencyKey: `${key}` };
        const answer = await postUsageReversal(tx, wish);
        return answer.kind === 'posted' && answer.repeated ? 'repeated' : answer.kind;
      }
      case 'prepay':
        return this.prepay(tx, command.cents, nowMs);
      case 'news':
        return this.news(tx, command, nowMs);
      case 'refund':
      case 'fail_refund':
      case 'dispute':
      case 'win':
      case 'lose':
        return this.takeBack(tx, command, nowMs);
      case 'suspend':
        return void (await setSuspension(tx, accountId, 'admin_suspended', 'test', 'test'));
      case 'lift':
        return void (await liftSuspension(tx, accountId, command.reason));
      case 'card':
        return this.addCard(tx, command.role);
      case 'batch':
        return this.createJob(tx, command);
      case 'claim':
      case 'results':
      case 'cancel':
      case 'close':
      case 'finish':
      case 'fail':
        return this.onJob(tx, command, nowMs);
      case 'use':
      case 'expire':
      case 'turn':
      case 'ask':
      case 'pass':
        return undefined;
    }
  }

  /** The events of a command as they are posted. */
  priced(events: readonly Use[], nowMs: number): PricedEvent[] {
    return events.map(({ id, tokens, hold }) => ({
      id: `${id}`,
      accountId: this.id,
      model: 'm',
      inputTokens: tokens,
      cachedInputTokens: 0,
      outputTokens: 0,
      images: 0,
      imageSize: null,
      atMs: nowMs,
      holdId: hold === null ? null : this.holdAt(hold),
      cost: nano(costOf(tokens)),
    }));
  }

  /** One that no account has, when there is none. */
  holdAt(place: number): string {
    return place < 0 || this.holds.length === 0 ? randomUUID() : this.holds[place % this.holds.length]!;
  }

  private async hold(tx: Tx, { cents, key }: Of<'hold'>): Promise<string> {
    const placed = await placeHold(tx, {
      accountId: this.id,
      amount: nano(nanoOf(cents)),
      expiresInSeconds: 86_400,
      idempotencyKey: `${key}`,
      requestHash: `${cents}`,
      openMax: OPEN_HOLDS_MAX,
    });
    if (placed.kind === 'placed') this.holds.push(placed.hold.id);
    return placed.kind;
  }

  private async settle(tx: Tx, { hold, events }: Of<'settle'>, nowMs: number): Promise<string> {
    const answer = await settleHold(tx, {
      accountId: this.id,
      holdId: this.holdAt(hold),
      events: this.priced(
        events.map((event) => ({ ...event, hold: null })),
        nowMs,
      ),
      settleHash: JSON.stringify(events),
    });
    if (answer.kind === 'settled') return `settled ${answer.charged} ${answer.released}`;
    if (answer.kind === 'ended') return `ended ${answer.status}`;
    return answer.kind === 'rejected' ? `rejected ${answer.notPosted.size}` : answer.kind;
  }

  private async prepay(tx: Tx, cents: number, nowMs: number): Promise<void> {
    const id = randomUUID();
    const wish = {
      id,
      accountId: this.id,
      cents,
      paymentMethodId: null,
      idempotencyKey: id,
      requestHash: id,
      actor: 'test',
    };
    await insertPrepayment(tx, wish);
    await storePaymentIntent(tx, id, intentOf(id));
    this.payments.push(id);
    await this.hear(tx, id, paidAnswer(id, cents, null), nowMs);
  }

  private async news(tx: Tx, { payment: place, paid }: Of<'news'>, nowMs: number): Promise<string> {
    const payment = await readPaymentById(tx, this.payments[place % this.payments.length] ?? '');
    if (!payment?.paymentIntentId) return 'none';
    const applied = await this.hear(
      tx,
      payment.id,
      paid ? paidAnswer(payment.id, payment.cents, null) : { kind: 'unpaid' },
      nowMs,
    );
    if (applied.kind === 'credited') return `credited ${applied.now}`;
    return applied.kind === 'unchanged' ? `changed ${applied.changed}` : applied.kind;
  }

  private async hear(tx: Tx, id: string, answer: PaymentAnswer, nowMs: number) {
    const payment = (await readPaymentById(tx, id))!;
    return applyAnswer(tx, payment, answer, { asking: 'news' }, this.policy, nowMs);
  }

  /** The ledger hears of what has happened at Stripe, and goes by what Stripe says in all. */
  private async takeBack(
    tx: Tx,
    command: Of<'refund' | 'fail_refund' | 'dispute' | 'win' | 'lose'>,
    nowMs: number,
  ): Promise<string> {
    const payment = await readPaymentById(tx, this.payments[command.payment % this.payments.length] ?? '');
    if (payment?.status !== 'succeeded') return 'none';
    const taken = this.atStripe.get(payment.id) ?? { refunds: [], disputes: [] };
    this.atStripe.set(payment.id, taken);
    happenAtStripe(taken, command, payment.cents);
    const { lines, debitedCents } = await postTakenBack(tx, payment, taken, this.policy, nowMs);
    return `${lines} lines took ${debitedCents}`;
  }

  private async addCard(tx: Tx, role: 'primary' | 'backup'): Promise<void> {
    const id = `${this.id}/card${this.methods.length}`;
    const card = { id, brand: 'visa', last4: '4242', expMonth: 12, expYear: 2030, fingerprint: id };
    await addPaymentMethod(tx, this.id, card, role, METHODS_MAX);
    this.methods.push(id);
  }

  private async createJob(tx: Tx, { requests, cents, key, begins }: Of<'batch'>): Promise<string> {
    const created = await createBatch(
      tx,
      await wishFor(tx, this.id, requests, {
        idempotencyKey: key === null ? null : `${key}`,
        requestHash: `${requests} ${cents}`,
        tokens: requests * TOKENS,
        tokensMax: TOKENS_MAX,
        held: nano(nanoOf(cents) * BigInt(requests)),
      }),
    );
    if (created.kind !== 'created') return created.kind;
    this.jobs.push(created.batch.id);
    if (begins) await this.begin(tx, created.batch.id, requests, cents);
    return 'created';
  }

  private async begin(tx: Tx, batchId: string, requests: number, cents: number): Promise<void> {
    const lines = Array.from({ length: requests }, (_, n) => n + 1);
    const request = (line: number) => ({
      line,
      customId: `${line}`,
      offset: line,
      length: 1,
      tokens: TOKENS,
      held: nano(nanoOf(cents)),
    });
    await insertRequests(tx, batchId, lines.map(request));
    await moveBatch(tx, batchId, 'in_progress');
  }

  private async onJob(
    tx: Tx,
    command: Of<'claim' | 'results' | 'cancel' | 'close' | 'finish' | 'fail'>,
    nowMs: number,
  ): Promise<unknown> {
    const batchId = this.jobs[command.batch % this.jobs.length];
    if (batchId === undefined) return command.do === 'claim' ? [] : 'none';
    switch (command.do) {
      case 'claim': {
        const { requests } = await claimRequests(tx, { batchId, limit: command.limit, leaseSeconds: 86_400 });
        return requests.map(({ line }) => line);
      }
      case 'results': {
        const recorded = await recordResults(tx, { batchId, results: command.results.map(toResult), nowMs });
        return recorded.kind === 'recorded'
          ? `recorded ${recorded.duplicates} ${recorded.unknown.length}`
          : `job_ended ${recorded.duplicates} ${recorded.late.length}`;
      }
      case 'cancel': {
        const cancelled = await cancelBatch(tx, batchId);
        return cancelled.kind === 'ended' ? 'ended' : `cancelling ${cancelled.changed ? 'now' : 'before'}`;
      }
      case 'close':
        return (await closeBatch(tx, batchId)) ? 'closed' : 'ended';
      case 'finish': {
        if (!(await closeBatch(tx, batchId))) return 'ended';
        const { status, completed: done, failed, requests } = (await readBatch(tx, batchId))!;
        const end = status === 'cancelling' ? 'cancelled' : done + failed === requests ? 'completed' : 'expired';
        const ended = await endBatch(tx, { batchId, end }, {});
        return `${ended.kind} ${ended.batch.status}`;
      }
      case 'fail': {
        const ended = await endBatch(tx, { batchId, end: 'failed' }, {});
        return ended.kind === 'ended' ? `ended ${ended.batch.status}` : ended.kind;
      }
    }
  }

  /** How each event of a commit has fared, from where they begin in it. */
  outcomes(posted: PostedUsage, begins: number, count: number): string[] {
    return Array.from({ length: count }, (_, n) => posted.notPosted.get(begins + n) ?? 'taken');
  }
}

export const intentOf = (paymentId: string): string => `pi_${paymentId}`;

export const paidAnswer = (paymentId: string, cents: number, methodId: string | null): PaymentAnswer => ({
  kind: 'paid',
  paid: {
    paymentIntentId: intentOf(paymentId),
    receivedCents: cents,
    currency: 'usd',
    chargeId: null,
    paymentMethodId: methodId,
    receiptUrl: null,
    brand: null,
    last4: null,
    card: null,
  },
});

function toResult({ line, cents, failed }: Result) {
  return failed ? failedResult(`${line}`) : { ...completed(`${line}`, '0'), cost: nano(nanoOf(cents)) };
}

function happenAtStripe(
  { refunds, disputes }: AtStripe,
  command: Of<'refund' | 'fail_refund' | 'dispute' | 'win' | 'lose'>,
  paidCents: number,
): void {
  const open = disputes.find(({ state }) => state === 'open');
  switch (command.do) {
    case 'refund':
      refunds.push({ id: `re_${randomUUID()}`, cents: command.cents, failed: false, requestId: null });
      break;
    case 'fail_refund': {
      const made = refunds.find(({ failed }) => !failed);
      if (made) made.failed = true;
      break;
    }
    case 'dispute':
      if (!open)
        disputes.push({ id: `dp_${randomUUID()}`, state: 'open', cents: paidCents, withdrawnCents: paidCents });
      break;
    case 'win':
      if (open) Object.assign(open, { state: 'won', withdrawnCents: 0 });
      break;
    case 'lose':
      if (open) open.state = 'lost';
  }
}
