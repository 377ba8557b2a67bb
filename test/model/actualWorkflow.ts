/** The balance workflow without Temporal: the real `decide` and folding, and each decision carried out by the real functions, one transaction after the other. */
import { randomUUID } from 'node:crypto';
import type { AccountState, Snapshot } from '../../domain/accountState';
import { decide } from '../../domain/decide';
import type { Decision } from '../../domain/decision';
import { formatMoney, parseMoney } from '../../domain/money';
import { cancelDelayMs, type PaymentAnswer } from '../../domain/payment';
import type { Position } from '../../ledger/accounts/position';
import type { Tx } from '../../ledger/db';
import { readSnapshot } from '../../ledger/decisions/readSnapshot';
import { saveStatus } from '../../ledger/decisions/saveStatus';
import { readPaymentById } from '../../ledger/payments/readPaymentById';
import { storePaymentIntent } from '../../ledger/payments/storePaymentIntent';
import { beginAttempt } from '../../ledger/reloads/beginAttempt';
import { closeReload } from '../../ledger/reloads/closeReload';
import { openReload } from '../../ledger/reloads/openReload';
import { recordStrike } from '../../ledger/reloads/recordStrike';
import { changeSettings } from '../../ledger/settings/changeSettings';
import { applyAnswer, type Asker } from '../../payments/applyAnswer';
import { foldSnapshot, foldWatermark, unread } from '../../workflows/accountState';
import { intentOf, paidAnswer, type ActualAccount } from './actualAccount';
import type { Asked, StripeAnswer } from './commands';

const NO_RETRY = { dueMs: 0, tries: 0 };
type Of<Kind extends Decision['kind']> = Extract<Decision, { kind: Kind }>;

export class ActualWorkflow {
  readonly state: AccountState;

  constructor(private readonly account: ActualAccount) {
    this.state = unread(account.id);
  }

  /** What reaches it before its turn: a call to read, or else the watermark of what usage has moved. */
  hear({ wake, watermark, available }: Position, asked: Asked | null): void {
    if (wake) this.state.stale = true;
    else foldWatermark(this.state, { watermark, available: formatMoney(available) });
    if (asked) this.state.requests.push({ requestId: randomUUID(), actor: 'owner:test', ...asked });
  }

  decide(nowMs: number): Decision {
    return decide(this.state, nowMs);
  }

  /** What it would decide if it had read all that is so, which it is not told. */
  decideFrom(snapshot: Snapshot, nowMs: number): Decision {
    return decide({ ...this.state, snapshot, stale: false }, nowMs);
  }

  /** Returns what is answered to who asked. */
  async act(tx: Tx, decision: Decision, stripe: StripeAnswer, nowMs: number): Promise<string | null> {
    switch (decision.kind) {
      case 'read':
        this.state.stale = false;
        break;
      case 'answer':
        return this.answer(tx, decision, nowMs);
      case 'conclude':
        this.state.firstCharge = null;
        return null;
      case 'open':
        await this.open(tx, decision, nowMs);
        break;
      case 'attempt':
        await this.attempt(tx, decision, stripe, nowMs);
        this.state.retry = NO_RETRY;
        break;
      case 'strike': {
        const { reload, methodsVersion } = decision;
        const strike = {
          accountId: this.account.id,
          reloadId: reload.id,
          attempt: reload.attempt,
          methodsVersion,
          nowMs,
        };
        await recordStrike(tx, strike, this.account.policy);
        break;
      }
      case 'close': {
        const { reload, state, because } = decision;
        await closeReload(tx, { accountId: this.account.id, reloadId: reload.id, state, because, nowMs });
        break;
      }
      case 'cancel':
        await this.cancel(tx, decision, stripe, nowMs);
        return null;
      case 'save_status': {
        const { status, notice } = decision;
        const saved = await saveStatus(tx, { ...this.asked, key: randomUUID(), status, notice });
        if (!saved) throw new Error('the status was decided from what Postgres takes for an old snapshot');
        break;
      }
      default:
        throw new Error(`a sequence decides no ${decision.kind}`);
    }
    await this.read(tx);
    return null;
  }

  private get asked() {
    return { accountId: this.account.id, knownRevision: this.state.snapshot.revision };
  }

  private async read(tx: Tx): Promise<void> {
    foldSnapshot(this.state, await readSnapshot(tx, this.asked, this.account.policy));
    if (this.state.snapshot.acknowledged === false)
      throw new Error('a snapshot that was just read is not acknowledged');
  }

  private async answer(tx: Tx, { request }: Of<'answer'>, nowMs: number): Promise<string> {
    const answer = await changeSettings(tx, this.account.id, request, this.account.policy, nowMs);
    this.state.requests = [];
    if (answer.kind === 'charging') {
      this.account.payments.push(request.requestId);
      this.state.firstCharge = { requestId: request.requestId, reloadId: request.requestId };
    }
    await this.read(tx);
    if (answer.kind === 'refused') return `refused ${answer.code}`;
    return answer.kind === 'charging' ? `charging ${answer.cents}` : answer.kind;
  }

  private async open(tx: Tx, { settingsVersion }: Of<'open'>, nowMs: number): Promise<void> {
    const wish = { reloadId: randomUUID(), accountId: this.account.id, settingsVersion, nowMs, actor: 'workflow' };
    const opened = await openReload(tx, wish, this.account.policy);
    if (opened.kind === 'opened') this.account.payments.push(wish.reloadId);
  }

  /** As `payments/charge.ts` does it: what an earlier try has come to is found out before anything is confirmed. */
  private async attempt(
    tx: Tx,
    { reload, methodId, role }: Of<'attempt'>,
    stripe: StripeAnswer,
    nowMs: number,
  ): Promise<void> {
    const { id: accountId, policy } = this.account;
    const payment = (await readPaymentById(tx, reload.id))!;
    const attempt = { accountId, paymentId: reload.id, attempt: reload.attempt, methodId, role, nowMs };
    if (!reload.tried.some((tried) => tried.methodId === methodId)) {
      await storePaymentIntent(tx, reload.id, intentOf(reload.id));
      if ((await beginAttempt(tx, attempt, policy)).kind === 'ended') return;
    }
    const asker: Asker = { asking: 'attempt', attempt, sinceMs: nowMs, link: 'https://ballast.example/' };
    await applyAnswer(tx, payment, answerOf(stripe, reload.id, reload.cents, methodId), asker, policy, nowMs);
  }

  private async cancel(tx: Tx, { paymentId }: Of<'cancel'>, stripe: StripeAnswer, nowMs: number): Promise<void> {
    const payment = (await readPaymentById(tx, paymentId))!;
    const asks = payment.paymentIntentId !== null && (stripe === 'paid' || stripe === 'unknown');
    const answer: PaymentAnswer = asks ? answerOf(stripe, paymentId, payment.cents, null) : { kind: 'canceled' };
    const asker: Asker = { asking: 'cancel', endsAs: 'canceled' };
    const applied = await applyAnswer(tx, payment, answer, asker, this.account.policy, nowMs);
    await this.read(tx);
    const { state } = this;
    if (applied.kind !== 'not_canceled') {
      state.retry = NO_RETRY;
      return;
    }
    const tries = state.retry.tries + 1;
    state.stale = true;
    const canceling = { paymentId, dueMs: state.snapshot.uncanceled!.dueMs! };
    state.retry = { dueMs: nowMs + cancelDelayMs(tries), tries, canceling };
  }

  /** What counts of a decision, as the model has it. */
  inBrief(decision: Decision): object {
    const { account } = this;
    const payment = (id: string) => account.payments.indexOf(id);
    switch (decision.kind) {
      case 'answer':
        return { kind: 'answer', request: decision.request.kind };
      case 'conclude':
        return { kind: 'conclude' };
      case 'open':
        return { kind: 'open', settingsVersion: decision.settingsVersion };
      case 'attempt':
        return {
          kind: 'attempt',
          payment: payment(decision.reload.id),
          method: account.methods.indexOf(decision.methodId),
        };
      case 'strike':
        return { kind: 'strike', payment: payment(decision.reload.id), disables: decision.disables };
      case 'close':
        return { kind: 'close', payment: payment(decision.reload.id), state: decision.state };
      case 'cancel':
        return { kind: 'cancel', payment: payment(decision.paymentId) };
      case 'save_status': {
        const { flag, toldLow, blocked, begins } = decision.status;
        const { reasons, told } = flag;
        return { kind: 'save_status', reasons, told, toldLow, blocked, begins, notice: decision.notice };
      }
      default:
        return decision;
    }
  }

  /** What counts of a snapshot, as the model has it. */
  snapshotInBrief(snapshot: Snapshot): object {
    const { account } = this;
    const { reload, uncanceled, settings, falls } = snapshot;
    return {
      available: parseMoney(snapshot.available),
      reasons: snapshot.setReasons,
      settings,
      strikes: snapshot.strikes,
      lastStrikeMs: snapshot.lastStrikeMs,
      methodsVersion: snapshot.methodsVersion,
      triedVersion: snapshot.triedMethodsVersion,
      methods: snapshot.methods.map(({ id, role, usable }) => `${account.methods.indexOf(id)} ${role} ${usable}`),
      reload: reload && {
        payment: account.payments.indexOf(reload.id),
        cents: reload.cents,
        number: reload.number,
        state: reload.state,
        attempt: reload.attempt,
        dueMs: reload.dueMs,
        first: reload.first,
        tried: reload.tried.map(({ methodId, outcome }) => `${account.methods.indexOf(methodId)} ${outcome}`).sort(),
      },
      uncanceled: uncanceled && {
        payment: account.payments.indexOf(uncanceled.paymentId),
        awaitsOwner: uncanceled.awaitsOwner,
        tries: uncanceled.failing?.tries ?? 0,
        dueMs: uncanceled.dueMs,
      },
      blocked: snapshot.blocked,
      suspensions: falls!.suspensions,
      lows: falls!.lows,
      flag: snapshot.flag.reasons,
      told: snapshot.flag.told,
      toldLow: snapshot.toldLow,
      seenSuspensions: falls!.seenSuspensions,
      toldLows: falls!.toldLows,
    };
  }
}

const DECLINED = { kind: 'declined', code: 'card_declined', message: 'Declined.', chargeId: null } as const;

function answerOf(stripe: StripeAnswer, paymentId: string, cents: number, methodId: string | null): PaymentAnswer {
  switch (stripe) {
    case 'paid':
      return paidAnswer(paymentId, cents, methodId);
    case 'unknown':
      return { kind: 'unknown', because: 'no answer', operator: false };
    default:
      return { ...DECLINED, forGood: stripe === 'lost', awaitsOwner: stripe === 'owner' };
  }
}
