/** An account's money as the rules have it (B2, S1, S2, S4, N1). The model's own: nothing of it is taken from the code under test. */
import type { GateState, Reason, SetReason } from '../../domain/gate';

export type Line = { kind: string; amount: bigint; after: bigint };
export const nanoOf = (cents: number): bigint => BigInt(cents) * 10_000_000n;

type Change = { balance?: bigint; held?: bigint; low?: bigint; trigger?: bigint; reasons?: SetReason[] };

/** Of an account without auto-reload: $5 (S4). */
export const LOW = nanoOf(500);

export class Purse {
  balance = 0n;
  held = 0n;
  readonly lines: Line[] = [];
  reasons: SetReason[] = [];
  low = LOW;
  /** At or below it the workflow must know. */
  trigger = LOW;
  isReloading = false;
  /** How often access went, and how often the balance became low. */
  suspensions = 0;
  lows = 0;
  /** The workflow has something to read that is no level. */
  hasNews = true;
  /** Available when the workflow read it last. */
  folded = 0n;

  get available(): bigint {
    return this.balance - this.held;
  }

  get gateReasons(): Reason[] {
    return [...(this.available <= 0n ? (['balance_exhausted'] as const) : []), ...this.reasons];
  }

  get gateState(): GateState {
    if (this.gateReasons.length > 0) return 'suspended';
    if (this.isReloading) return 'reloading';
    return this.available <= this.low ? 'low' : 'ok';
  }

  /** The workflow is to be woken: of news, and when available is on another side of a level than it knows. */
  get wakes(): boolean {
    const side = (amount: bigint) => `${amount <= 0n} ${amount <= this.trigger}`;
    return this.hasNews || side(this.available) !== side(this.folded);
  }

  /** One moment to everybody else: what is lost in it, if only until the next, is counted. */
  change(by: Change): void {
    const before = { open: this.gateReasons.length === 0, low: this.available <= this.low };
    this.balance += by.balance ?? 0n;
    this.held += by.held ?? 0n;
    this.low = by.low ?? this.low;
    this.trigger = by.trigger ?? this.trigger;
    this.reasons = by.reasons ?? this.reasons;
    if (before.open && this.gateReasons.length > 0) {
      this.suspensions += 1;
      this.hasNews = true;
    }
    if (!before.low && this.available <= this.low) {
      this.lows += 1;
      this.hasNews = true;
    }
  }

  /** A line of the ledger; `freed`: what is not held any more in the same moment. */
  post(kind: string, amount: bigint, freed = 0n): void {
    this.change({ balance: amount, held: -freed });
    this.lines.push({ kind, amount, after: this.balance });
  }

  fold(): void {
    this.folded = this.available;
    this.hasNews = false;
  }
}
