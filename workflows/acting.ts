/** Carries decisions out: the only place of the balance workflow that acts. Postgres keeps the money. */
import { allHandlersFinished, condition, proxyActivities, uuid4, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { AccountState, AskedFrom, DecisionRecord, Snapshot } from '../domain/accountState';
import type { Decision, Reasoned } from '../domain/decision';
import { cancelDelayMs } from '../domain/payment';
import { foldSnapshot, remember } from './accountState';
import { AFTER_CHARGE_FAILED_MS, CHARGE, HISTORY, LEDGER } from './timeouts';
import { Alarm } from './alarm';
import type { Answers } from './answers';
import type { News } from './news';

const ledger = proxyActivities<Activities>(LEDGER);
const payments = proxyActivities<Activities>(CHARGE);
const histories = proxyActivities<Activities>(HISTORY);

const NO_RETRY = { dueMs: 0, tries: 0 };

type Of<Kind extends Decision['kind']> = Extract<Decision, { kind: Kind }>;

export class Acting {
  private readonly alarm: Alarm;

  constructor(
    private readonly accountId: string,
    private readonly state: AccountState,
    private readonly news: News,
    private readonly answers: Answers,
  ) {
    this.alarm = new Alarm(() => news.tell());
  }

  async carryOut(decision: Decision): Promise<void> {
    switch (decision.kind) {
      case 'read':
        return this.read();
      case 'post':
        return this.post(decision);
      case 'answer':
        return this.answer(decision);
      case 'conclude':
        return this.conclude(decision);
      case 'open':
        return this.open(decision);
      case 'attempt':
        return this.startCharging(decision);
      case 'strike':
        return this.strike(decision);
      case 'close':
        return this.close(decision);
      case 'cancel':
        return this.cancel(decision);
      case 'save_status':
        return this.saveStatus(decision);
      case 'wait':
        this.alarm.set(decision.untilMs);
        return this.news.next();
      case 'rest':
        this.alarm.clear();
        return this.news.next();
      case 'end':
        return condition(allHandlersFinished);
    }
  }

  /** Posts the usage that was reported to a run which could not go on: again where that had done so, which finds duplicates (B3). */
  async takeOver(runId: string): Promise<void> {
    await histories.postReportsOf({ accountId: this.accountId, workflowId: workflowInfo().workflowId, runId });
  }

  /** Activities are told what was known when they were asked: so one that runs on after it was given up does no harm (O4). */
  private get asked(): Required<AskedFrom> {
    return { accountId: this.accountId, knownRevision: this.state.snapshot.revision };
  }

  private record(kind: string, { rule, because }: Reasoned): DecisionRecord {
    const decision = { id: uuid4(), atMs: Date.now(), kind, rule, because };
    remember(this.state, decision);
    return decision;
  }

  private async read(): Promise<void> {
    this.state.stale = false;
    this.fold(await ledger.readAccount(this.asked.accountId, this.asked.knownRevision));
  }

  private async post({ events }: Of<'post'>): Promise<void> {
    const snapshot = await ledger.postReportedUsage({ ...this.asked, events });
    this.state.reported = this.state.reported!.slice(events.length);
    this.fold(snapshot);
  }

  private async answer({ request }: Of<'answer'>): Promise<void> {
    const because = `${request.actor.replace(':', ' ')} asked to ${request.kind} auto-reload`;
    const decision = this.record(request.kind, { rule: request.kind === 'configure' ? 'A5' : 'A13', because });
    const { answer, snapshot } = await ledger.changeSettings({ ...this.asked, decision, request });
    this.state.requests = this.state.requests.filter(({ requestId }) => requestId !== request.requestId);
    this.fold(snapshot);
    if (answer.kind === 'charging')
      this.state.firstCharge = { requestId: request.requestId, reloadId: request.requestId };
    else this.answers.give(request.requestId, answer);
  }

  private async conclude({ requestId, reloadId }: Of<'conclude'>): Promise<void> {
    this.state.firstCharge = null;
    this.answers.give(requestId, await ledger.concludeFirstCharge(reloadId));
  }

  private async open(decision: Of<'open'>): Promise<void> {
    const record = this.record('charge', decision);
    const { settingsVersion } = decision;
    this.fold(await ledger.openReload({ ...this.asked, decision: record, reloadId: uuid4(), settingsVersion }));
  }

  private async strike(decision: Of<'strike'>): Promise<void> {
    const record = this.record(decision.disables ? 'disable' : 'strike', decision);
    const { reload, methodsVersion } = decision;
    const of = { reloadId: reload.id, attempt: reload.attempt, methodsVersion };
    this.fold(await ledger.recordStrike({ ...this.asked, decision: record, ...of }));
  }

  private async close(decision: Of<'close'>): Promise<void> {
    const record = this.record('close', decision);
    const { reload, state } = decision;
    this.fold(await ledger.closeReload({ ...this.asked, decision: record, reloadId: reload.id, state }));
  }

  /** Saved histories know the activity and its argument as `standing`. */
  private async saveStatus(decision: Of<'save_status'>): Promise<void> {
    const record = this.record(decision.act, decision);
    const { status, notice } = decision;
    this.fold(await ledger.saveStanding({ ...this.asked, decision: record, standing: status, notice }));
  }

  /** A charge may take a minute; meanwhile the loop goes on answering requests and keeping the flag. */
  private startCharging({ reload, methodId, role }: Of<'attempt'>): void {
    const { state } = this;
    state.charging = true;
    payments
      .chargeReload({ ...this.asked, paymentId: reload.id, attempt: reload.attempt, methodId, role, nowMs: Date.now() })
      .then((snapshot) => {
        this.fold(snapshot);
        state.retry = NO_RETRY;
      })
      .catch(() => this.retryLater(AFTER_CHARGE_FAILED_MS))
      .finally(() => {
        state.charging = false;
        this.news.tell();
      });
  }

  private async cancel({ paymentId }: Of<'cancel'>): Promise<void> {
    const canceled = await payments.cancelPayment({ ...this.asked, paymentId }).catch(() => null);
    if (canceled) this.fold(canceled.snapshot);
    if (canceled?.done) {
      this.state.retry = NO_RETRY;
      return;
    }
    // Answers of earlier releases do not say when: their runs wait as they did then.
    const dueMs = canceled?.snapshot.uncanceled?.dueMs;
    const canceling = dueMs === undefined ? undefined : { paymentId, dueMs };
    this.retryLater(cancelDelayMs(this.state.retry.tries + 1), canceling);
  }

  private retryLater(delayMs: number, canceling?: AccountState['retry']['canceling']): void {
    this.state.stale = true;
    const retry = { dueMs: Date.now() + delayMs, tries: this.state.retry.tries + 1 };
    this.state.retry = canceling ? { ...retry, canceling } : retry;
  }

  private fold(snapshot: Snapshot): void {
    foldSnapshot(this.state, snapshot);
  }
}
