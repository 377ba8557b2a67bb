/** Payments as the rules have them (P3, P5): credited once, taken back never more than once. */
import type { SetReason } from '../../domain/gate';
import type { Settings } from './commands';
import { nanoOf, type Purse } from './purse';

type Tried = { method: number; outcome: 'unknown' | 'declined' | 'succeeded'; looks: number };
export type Reload = {
  number: number;
  state: 'charging' | 'waiting' | 'unknown' | 'closed';
  attempt: number;
  dueMs: number;
  openedMs: number;
  closedMs: number | null;
  /** A first charge's settings, until they are in force (A5). */
  wished: Settings | null;
  /** Of the attempt that is under way. */
  tried: Tried[];
};
type Dispute = { state: 'open' | 'won' | 'lost'; suspends: boolean };
export type Payment = {
  nth: number;
  cents: number;
  status: 'processing' | 'requires_action' | 'succeeded' | 'canceled';
  /** It is known to Stripe. */
  hasIntent: boolean;
  createdMs: number;
  settledMs: number | null;
  /** Null: a prepayment. */
  reload: Reload | null;
  cancelTries: number;
  cancelDueMs: number | null;
  refunds: { cents: number; failed: boolean }[];
  disputes: Dispute[];
  /** Cents that the ledger has taken back. */
  refunded: number;
  disputed: number;
};

export const isOpen = ({ status }: Payment): boolean => status === 'processing' || status === 'requires_action';

/** What else a payment moves. */
export type Follows = {
  /** It is credited. */
  paid(payment: Payment, method: number | null): void;
  /** Money was taken back, in all: what is left may be too little to let auto-reload go on. */
  takenBack(): void;
};

export class Payments {
  readonly all: Payment[] = [];
  follows!: Follows;

  constructor(private readonly purse: Purse) {}

  begin(cents: number, nowMs: number, reload: Reload | null): Payment {
    const payment: Payment = {
      nth: this.all.length,
      cents,
      status: 'processing',
      hasIntent: reload === null,
      createdMs: nowMs,
      settledMs: null,
      reload,
      cancelTries: 0,
      cancelDueMs: null,
      refunds: [],
      disputes: [],
      refunded: 0,
      disputed: 0,
    };
    this.all.push(payment);
    return payment;
  }

  /** Whoever brings the news. Returns whether it is new. */
  credit(payment: Payment, method: number | null, nowMs: number): boolean {
    if (payment.status === 'succeeded') return false;
    this.purse.post(payment.reload ? 'reload' : 'prepayment', nanoOf(payment.cents));
    payment.status = 'succeeded';
    payment.settledMs = nowMs;
    this.follows.paid(payment, method);
    this.purse.hasNews = true;
    return true;
  }

  prepay(cents: number, nowMs: number): void {
    this.credit(this.begin(cents, nowMs, null), null, nowMs);
  }

  refund(place: number, cents: number): string {
    return this.takeBack(place, ({ refunds }) => {
      refunds.push({ cents, failed: false });
      return false;
    });
  }

  failRefund(place: number): string {
    return this.takeBack(place, ({ refunds }) => {
      const made = refunds.find(({ failed }) => !failed);
      if (made) made.failed = true;
      return false;
    });
  }

  dispute(place: number): string {
    return this.takeBack(place, ({ disputes }) => {
      if (disputes.some(({ state }) => state === 'open')) return false;
      disputes.push({ state: 'open', suspends: true });
      return true;
    });
  }

  /** One that an admin has lifted the suspension of does not suspend again by being lost. */
  endDispute(place: number, state: 'won' | 'lost'): string {
    return this.takeBack(place, ({ disputes }) => {
      const open = disputes.find((dispute) => dispute.state === 'open');
      if (!open) return false;
      Object.assign(open, { state, suspends: state === 'lost' && open.suspends });
      return true;
    });
  }

  suspend(): void {
    this.setReason('admin_suspended', true);
  }

  lift(reason: SetReason): void {
    if (reason === 'payment_disputed')
      for (const { disputes } of this.all) for (const dispute of disputes) dispute.suspends = false;
    this.setReason(reason, false);
  }

  /**
   * The ledger follows what Stripe says was taken back in all, and never takes more than was credited.
   * @param happen at Stripe; returns whether a dispute has changed
   */
  private takeBack(place: number, happen: (payment: Payment) => boolean): string {
    const payment = this.all[place % this.all.length];
    if (payment?.status !== 'succeeded') return 'none';
    const disputed = happen(payment);
    const before = payment.refunded + payment.disputed;
    const lines = this.follow(payment);
    if (disputed)
      this.setReason(
        'payment_disputed',
        this.all.some(({ disputes }) => disputes.some((one) => one.suspends)),
      );
    const taken = payment.refunded + payment.disputed - before;
    if (taken > 0) this.follows.takenBack();
    if (lines > 0 || disputed) this.purse.hasNews = true;
    return `${lines} lines took ${taken}`;
  }

  /** What comes back comes first. */
  private follow(payment: Payment): number {
    const sum = (cents: number[]): number => cents.reduce((all, one) => all + one, 0);
    const refunded = Math.min(payment.cents, sum(payment.refunds.map(({ cents, failed }) => (failed ? 0 : cents))));
    const withdrawn = sum(payment.disputes.map(({ state }) => (state === 'won' ? 0 : payment.cents)));
    const disputed = Math.min(payment.cents - refunded, withdrawn);
    const moves = [
      { kind: 'refund', cents: payment.refunded - refunded },
      { kind: 'dispute', cents: payment.disputed - disputed },
    ].filter(({ cents }) => cents !== 0);
    for (const { kind, cents } of moves.sort((one, other) => other.cents - one.cents))
      this.purse.post(cents > 0 ? `${kind}_reversal` : kind, nanoOf(cents));
    Object.assign(payment, { refunded, disputed });
    return moves.length;
  }

  private setReason(reason: SetReason, isSet: boolean): void {
    const reasons = this.purse.reasons.filter((other) => other !== reason);
    if (isSet) reasons.push(reason);
    if (reasons.length === this.purse.reasons.length) return;
    this.purse.change({ reasons: reasons.sort() });
    this.purse.hasNews = true;
  }
}
