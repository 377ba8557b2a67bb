/** An account in memory: what its balance, holds, batches, payments and decisions must be, after any commands. */
import { AutoReload } from './autoReload';
import { Batches } from './batches';
import type { Command } from './commands';
import { Payments, type Payment } from './payments';
import { Purse } from './purse';
import { Usage } from './usage';
import { Workflow } from './workflow';

/** The time of a sequence begins so, near the end of a month: limits are counted by month. */
const BEGINS_MS = Date.UTC(2026, 2, 31, 22, 30);

export class AccountModel {
  readonly purse = new Purse();
  readonly usage = new Usage(this.purse);
  readonly batches = new Batches(this.purse);
  readonly payments = new Payments(this.purse);
  readonly autoReload: AutoReload;
  readonly workflow: Workflow;
  nowMs = BEGINS_MS;

  constructor(below: boolean) {
    this.autoReload = new AutoReload(this.purse, this.payments, below);
    this.workflow = new Workflow(this.purse, this.autoReload, this.payments);
    this.payments.follows = {
      paid: (payment, method) => this.autoReload.paid(payment, method, this.nowMs),
      takenBack: () => this.autoReload.takenBack(),
    };
  }

  /** What a command is answered. Of the workflow's turns only their beginning is here: they are decision by decision. */
  perform(command: Command): unknown {
    const { usage, batches, payments } = this;
    switch (command.do) {
      case 'adjust':
        return usage.adjust(command.cents, command.key);
      case 'use':
        return usage.use(command.events);
      case 'hold':
        return usage.hold(command.cents, command.key);
      case 'settle':
        return usage.settle(command.hold, command.events);
      case 'release':
        return usage.release(command.hold);
      case 'expire':
        return usage.expire(command.hold);
      case 'reverse':
        return usage.reverse(command.event, command.key);
      case 'batch':
        return batches.create(command.requests, command.cents, command.key, command.begins);
      case 'claim':
        return batches.claim(command.batch, command.limit);
      case 'results':
        return batches.record(command.batch, command.results);
      case 'cancel':
      case 'close':
      case 'finish':
      case 'fail':
        return batches[command.do](command.batch);
      case 'prepay':
        return payments.prepay(command.cents, this.nowMs);
      case 'news':
        return this.hear(payments.all[command.payment % payments.all.length], command.paid);
      case 'refund':
        return payments.refund(command.payment, command.cents);
      case 'fail_refund':
        return payments.failRefund(command.payment);
      case 'dispute':
        return payments.dispute(command.payment);
      case 'win':
      case 'lose':
        return payments.endDispute(command.payment, command.do === 'win' ? 'won' : 'lost');
      case 'suspend':
        return payments.suspend();
      case 'lift':
        return payments.lift(command.reason);
      case 'card':
        return this.autoReload.addCard(command.role);
      case 'pass':
        this.nowMs += command.seconds * 1_000;
        return undefined;
      case 'turn':
      case 'ask':
        if (this.purse.wakes) this.workflow.isStale = true;
        if (command.do === 'ask') this.workflow.request = command.request;
        return undefined;
    }
  }

  private hear(payment: Payment | undefined, paid: boolean): string {
    if (!payment?.hasIntent) return 'none';
    if (paid) return `credited ${this.payments.credit(payment, null, this.nowMs)}`;
    return `changed ${this.autoReload.lookNow(payment, this.nowMs)}`;
  }

  /** What Postgres must say of the account, but for the lines. */
  get position(): object {
    const { purse } = this;
    return {
      balance: purse.balance,
      held: purse.held,
      lines: purse.lines.length,
      gate: purse.gateState,
      reasons: purse.gateReasons,
      wakes: purse.wakes,
      holds: this.usage.holds.map(({ status, charged, released }) => `${status} ${charged} ${released}`),
      jobs: this.batches.jobs.map(
        (job) => `${job.status} ${job.isClosed} tokens ${job.tokens} held ${job.held} charged ${job.charged}`,
      ),
      payments: this.payments.all.map(({ status, cents }) => `${status} ${cents}`),
    };
  }

  /** What the workflow must read. */
  get snapshot(): object {
    const { purse, autoReload, workflow } = this;
    const { status, version, settings, strikes, lastStrikeMs, methodsVersion, triedVersion, blocked } = autoReload;
    const { inFlight, uncanceled } = autoReload;
    return {
      available: purse.available,
      reasons: purse.reasons,
      settings: { status, version, ...settings },
      strikes,
      lastStrikeMs,
      methodsVersion,
      triedVersion,
      methods: autoReload.methods
        .filter(({ role }) => role !== null)
        .sort((one, other) => Number(one.role === 'backup') - Number(other.role === 'backup'))
        .map(({ nth, role, isUsable }) => `${nth} ${role} ${isUsable}`),
      reload: inFlight ? { payment: inFlight.nth, cents: inFlight.cents, ...reloadOf(inFlight) } : null,
      uncanceled: uncanceled
        ? {
            payment: uncanceled.nth,
            awaitsOwner: uncanceled.status === 'requires_action',
            tries: uncanceled.cancelTries,
            dueMs: uncanceled.cancelDueMs ?? uncanceled.reload!.closedMs,
          }
        : null,
      blocked,
      suspensions: purse.suspensions,
      lows: purse.lows,
      ...workflow.stored,
    };
  }
}

function reloadOf(payment: Payment): object {
  const { number, state, attempt, dueMs, wished, tried } = payment.reload!;
  const outcomes = tried.map(({ method, outcome }) => `${method} ${outcome}`).sort();
  return { number, state, attempt, dueMs, first: wished !== null, tried: outcomes };
}
