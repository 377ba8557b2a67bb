/** The balance workflow: one per account, until the account is closed. It decides; Postgres keeps the money. */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  proxyActivities,
  setHandler,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { AccountState, AskedFrom, DecisionRecord, SettingsAnswer, SettingsRequest } from '../domain/accountState';
import { checkSettings } from '../domain/autoReload';
import { decide } from '../domain/decide';
import type { Decision, Reasoned } from '../domain/decision';
import { cancelDelayMs } from '../domain/payment';
import { foldSnapshot, foldWatermark, remember, unread } from './accountState';
import { AFTER_CHARGE_FAILED_MS, CHARGE, LEDGER } from './activityOptions';
import { Alarm } from './alarm';
import * as messages from './messages';

const ledger = proxyActivities<Activities>(LEDGER);
const payments = proxyActivities<Activities>(CHARGE);

/** A5: how long an owner's request is waited for before the answer is that it is pending. */
const ANSWER_TIMEOUT = '20s';
const NO_RETRY = { dueMs: 0, tries: 0 };

export async function balance(input: messages.BalanceInput): Promise<void> {
  const account = new Account(input);
  account.listen();
  for (;;) {
    if (account.mayContinueAsNew())
      await continueAsNew<typeof balance>({ accountId: input.accountId, carried: account.state });
    const decision = decide(account.state, Date.now());
    if (decision.kind === 'end' && allHandlersFinished()) return;
    await account.carryOut(decision);
  }
}

class Account {
  readonly state: AccountState;
  private readonly answers = new Map<string, SettingsAnswer | null>();
  /** Something has happened since the last decision. */
  private news = false;
  private readonly alarm = new Alarm(() => (this.news = true));

  constructor(private readonly input: messages.BalanceInput) {
    this.state = input.carried ?? unread(input.accountId);
  }

  /** Handlers only record; the loop acts. */
  listen(): void {
    const reread = () => {
      this.state.stale = true;
      this.news = true;
    };
    setHandler(messages.usageSignal, (watermark) => {
      if (foldWatermark(this.state, watermark)) this.news = true;
    });
    setHandler(messages.reportUsageSignal, ({ events }) => {
      if (!Array.isArray(events)) return;
      this.state.reported = [...(this.state.reported ?? []), ...events];
      this.news = true;
    });
    setHandler(messages.paymentSettledSignal, reread);
    setHandler(messages.paymentMethodsChangedSignal, reread);
    setHandler(messages.reasonsChangedSignal, reread);
    setHandler(messages.refreshSignal, reread);
    setHandler(
      messages.configureAutoReloadUpdate,
      ({ actor, settings }) => this.ask({ kind: 'configure', requestId: uuid4(), actor, settings }),
      {
        validator: ({ settings }: messages.ConfigureAutoReload) => {
          const problems = checkSettings(settings);
          if (problems.length > 0)
            throw new RangeError(problems.map(({ path, message }) => `${path} ${message}`).join('; '));
        },
      },
    );
    setHandler(messages.pauseAutoReloadUpdate, ({ actor }) => this.ask({ kind: 'pause', requestId: uuid4(), actor }));
    setHandler(messages.resumeAutoReloadUpdate, ({ actor }) => this.ask({ kind: 'resume', requestId: uuid4(), actor }));
    setHandler(messages.disableAutoReloadUpdate, ({ actor }) =>
      this.ask({ kind: 'disable', requestId: uuid4(), actor }),
    );
    setHandler(messages.stateQuery, () => this.state);
    setHandler(messages.decisionsQuery, () => this.state.decisions);
  }

  private async ask(request: SettingsRequest): Promise<SettingsAnswer> {
    this.answers.set(request.requestId, null);
    this.state.requests.push(request);
    this.news = true;
    await condition(() => this.answers.get(request.requestId) !== null, ANSWER_TIMEOUT);
    const answer = this.answers.get(request.requestId);
    this.answers.delete(request.requestId);
    return answer ?? { kind: 'pending' };
  }

  private answer(requestId: string, answer: SettingsAnswer): void {
    if (this.answers.has(requestId)) this.answers.set(requestId, answer);
  }

  /** Only between decisions, when nothing is under way and nobody waits for an answer. */
  mayContinueAsNew(): boolean {
    return (
      workflowInfo().continueAsNewSuggested &&
      !this.state.charging &&
      this.state.requests.length === 0 &&
      allHandlersFinished()
    );
  }

  /** The only place that acts. */
  async carryOut(decision: Decision): Promise<void> {
    const { state, asked } = this;
    switch (decision.kind) {
      case 'read':
        state.stale = false;
        return foldSnapshot(state, await ledger.readAccount(asked.accountId, asked.knownRevision));
      case 'post': {
        const snapshot = await ledger.postReportedUsage({ ...asked, events: decision.events });
        state.reported = state.reported!.slice(decision.events.length);
        return foldSnapshot(state, snapshot);
      }
      case 'answer':
        return this.answerRequest(decision.request);
      case 'conclude':
        state.firstCharge = null;
        return this.answer(decision.requestId, await ledger.concludeFirstCharge(decision.reloadId));
      case 'open': {
        const record = this.record('charge', decision);
        return foldSnapshot(
          state,
          await ledger.openReload({
            ...asked,
            decision: record,
            reloadId: uuid4(),
            settingsVersion: decision.settingsVersion,
          }),
        );
      }
      case 'attempt':
        return this.startCharging(decision);
      case 'strike': {
        const record = this.record(decision.disables ? 'disable' : 'strike', decision);
        const { id: reloadId, attempt } = decision.reload;
        return foldSnapshot(
          state,
          await ledger.recordStrike({
            ...asked,
            decision: record,
            reloadId,
            attempt,
            methodsVersion: decision.methodsVersion,
          }),
        );
      }
      case 'close': {
        const record = this.record('close', decision);
        return foldSnapshot(
          state,
          await ledger.closeReload({ ...asked, decision: record, reloadId: decision.reload.id, state: decision.state }),
        );
      }
      case 'cancel':
        return this.cancel(decision.paymentId);
      case 'stand': {
        const record = this.record(decision.act, decision);
        return foldSnapshot(
          state,
          await ledger.saveStanding({
            ...asked,
            decision: record,
            standing: decision.standing,
            notice: decision.notice,
          }),
        );
      }
      case 'wait':
        this.alarm.set(decision.untilMs);
        return this.somethingNew();
      case 'rest':
        this.alarm.clear();
        return this.somethingNew();
      case 'end':
        return condition(allHandlersFinished);
    }
  }

  /** Activities are told what was known when they were asked: so one that runs on after it was given up does no harm (O4). */
  private get asked(): Required<AskedFrom> {
    return { accountId: this.input.accountId, knownRevision: this.state.snapshot.revision };
  }

  private async somethingNew(): Promise<void> {
    await condition(() => this.news);
    this.news = false;
  }

  private record(kind: string, { rule, because }: Reasoned): DecisionRecord {
    const decision = { id: uuid4(), atMs: Date.now(), kind, rule, because };
    remember(this.state, decision);
    return decision;
  }

  private async answerRequest(request: SettingsRequest): Promise<void> {
    const because = `${request.actor.replace(':', ' ')} asked to ${request.kind} auto-reload`;
    const decision = this.record(request.kind, { rule: request.kind === 'configure' ? 'A5' : 'A13', because });
    const { answer, snapshot } = await ledger.changeSettings({ ...this.asked, decision, request });
    this.state.requests = this.state.requests.filter(({ requestId }) => requestId !== request.requestId);
    foldSnapshot(this.state, snapshot);
    if (answer.kind === 'charging')
      this.state.firstCharge = { requestId: request.requestId, reloadId: request.requestId };
    else this.answer(request.requestId, answer);
  }

  /** A charge may take a minute; meanwhile the loop goes on answering requests and keeping the flag. */
  private startCharging({ reload, methodId, role }: Extract<Decision, { kind: 'attempt' }>): void {
    const { state } = this;
    state.charging = true;
    payments
      .chargeReload({ ...this.asked, paymentId: reload.id, attempt: reload.attempt, methodId, role, nowMs: Date.now() })
      .then((snapshot) => {
        foldSnapshot(state, snapshot);
        state.retry = NO_RETRY;
      })
      .catch(() => this.retryLater(AFTER_CHARGE_FAILED_MS))
      .finally(() => {
        state.charging = false;
        this.news = true;
      });
  }

  private retryLater(delayMs: number, canceling?: AccountState['retry']['canceling']): void {
    this.state.stale = true;
    const retry = { dueMs: Date.now() + delayMs, tries: this.state.retry.tries + 1 };
    this.state.retry = canceling ? { ...retry, canceling } : retry;
  }

  private async cancel(paymentId: string): Promise<void> {
    const canceled = await payments.cancelPayment({ ...this.asked, paymentId }).catch(() => null);
    if (canceled) foldSnapshot(this.state, canceled.snapshot);
    if (canceled?.done) {
      this.state.retry = NO_RETRY;
      return;
    }
    // Answers of earlier releases do not say when: their runs wait as they did then.
    const dueMs = canceled?.snapshot.uncanceled?.dueMs;
    const canceling = dueMs === undefined ? undefined : { paymentId, dueMs };
    this.retryLater(cancelDelayMs(this.state.retry.tries + 1), canceling);
  }
}
