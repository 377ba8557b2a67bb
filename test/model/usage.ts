/** Usage, holds, adjustments and reversals as the rules have them (B3, B5, B6). */
import type { Use } from './commands';
import { nanoOf, type Purse } from './purse';

/** A price that no sum of whole cents hides: a bit more than ten cents a token. */
const PRICE_NANO = 100_000_001n;
export const costOf = (tokens: number): bigint => BigInt(tokens) * PRICE_NANO;

/** An account has so many open holds at most; the commands ask for one more. */
export const OPEN_HOLDS_MAX = 3;

type Hold = {
  key: number;
  cents: number;
  status: 'open' | 'expired' | 'settled' | 'released';
  /** What it was settled with by its own route. */
  content: string | null;
  charged: bigint | null;
  released: bigint | null;
};
type Event = { tokens: number; isReversed: boolean };
type Outcome = 'taken' | 'duplicate' | 'event_conflict' | 'unknown_hold';

export class Usage {
  readonly holds: Hold[] = [];
  private events = new Map<number, Event>();
  private readonly adjustments = new Map<number, number>();
  private readonly reversals = new Map<number, number>();

  constructor(private readonly purse: Purse) {}

  adjust(cents: number, key: number): string {
    const before = this.adjustments.get(key);
    if (before !== undefined) return before === cents ? 'repeated' : 'key_reused';
    this.adjustments.set(key, cents);
    this.purse.post('adjustment', nanoOf(cents));
    return 'posted';
  }

  /** One commit: one line, however many events are new. Whether they settle a hold is seen from all that name it. */
  use(events: readonly Use[]): Outcome[] {
    const outcomes = events.map(({ id, tokens, hold }): Outcome | null => {
      if (this.events.has(id)) return null;
      if (hold !== null && !this.holdAt(hold)) return null;
      this.events.set(id, { tokens, isReversed: false });
      return 'taken';
    });
    const taken = events.filter((_, place) => outcomes[place] === 'taken');
    if (taken.length > 0) this.charge(taken);
    return events.map(({ id, tokens }, place) => {
      const existing = this.events.get(id);
      return (
        outcomes[place] ?? (!existing ? 'unknown_hold' : existing.tokens === tokens ? 'duplicate' : 'event_conflict')
      );
    });
  }

  private charge(taken: readonly Use[]): void {
    const ending = new Map<Hold, bigint>();
    for (const { hold, tokens } of taken) {
      const named = hold === null ? undefined : this.holdAt(hold);
      if (named && isUnsettled(named)) ending.set(named, (ending.get(named) ?? 0n) + costOf(tokens));
    }
    let freed = 0n;
    for (const [hold, charged] of ending) {
      const held = heldBy(hold);
      freed += held;
      Object.assign(hold, { status: 'settled', charged, released: held > charged ? held - charged : 0n });
    }
    this.purse.post('usage', -taken.reduce((sum, { tokens }) => sum + costOf(tokens), 0n), freed);
  }

  hold(cents: number, key: number): string {
    const existing = this.holds.find((hold) => hold.key === key);
    if (existing) return existing.cents === cents ? 'repeated' : 'key_reused';
    const { balance, available, reasons } = this.purse;
    if (reasons.length > 0 || balance <= 0n) return 'account_suspended';
    if (available <= 0n || available < nanoOf(cents)) return 'insufficient_funds';
    if (this.holds.filter(({ status }) => status === 'open').length >= OPEN_HOLDS_MAX) return 'too_many';
    this.purse.change({ held: nanoOf(cents) });
    this.holds.push({ key, cents, status: 'open', content: null, charged: null, released: null });
    return 'placed';
  }

  settle(place: number, events: readonly Omit<Use, 'hold'>[]): string {
    const hold = this.holdAt(place);
    if (!hold) return 'not_found';
    const content = JSON.stringify(events);
    if (hold.status === 'settled' && hold.content === content) return settled(hold);
    if (!isUnsettled(hold)) return `ended ${hold.status}`;
    const named = events.map((event) => ({ ...event, hold: place }));
    const conflicts = this.tried(() => this.use(named)).filter((outcome) => outcome === 'event_conflict').length;
    if (conflicts > 0) return `rejected ${conflicts}`;
    if (this.use(named).every((outcome) => outcome === 'duplicate')) this.end(hold, 'settled', 0n);
    hold.content = content;
    return settled(hold);
  }

  release(place: number): string {
    const hold = this.holdAt(place);
    if (!hold) return 'not_found';
    if (hold.status === 'settled' || hold.status === 'released') return hold.status;
    this.end(hold, 'released', null);
    return 'released';
  }

  expire(place: number): void {
    const hold = this.holdAt(place);
    if (hold?.status !== 'open') return;
    this.end(hold, 'expired', null);
  }

  private end(hold: Hold, status: Hold['status'], charged: bigint | null): void {
    const held = heldBy(hold);
    this.purse.change({ held: -held });
    Object.assign(hold, { status, charged, released: held });
  }

  reverse(id: number, key: number): string {
    const before = this.reversals.get(key);
    if (before !== undefined) return before === id ? 'repeated' : 'key_reused';
    const event = this.events.get(id);
    if (!event) return 'unknown_event';
    if (event.isReversed) return 'already_reversed';
    event.isReversed = true;
    this.reversals.set(key, id);
    this.purse.post('usage_reversal', costOf(event.tokens));
    return 'posted';
  }

  private holdAt(place: number): Hold | undefined {
    return place < 0 ? undefined : this.holds[place % this.holds.length];
  }

  /** What a commit would come to, without it. */
  private tried<T>(work: () => T): T {
    const kept = {
      events: new Map(this.events),
      holds: this.holds.map((hold) => ({ ...hold })),
      purse: { ...this.purse },
      lines: this.purse.lines.length,
    };
    const result = work();
    this.events = kept.events;
    this.holds.forEach((hold, n) => Object.assign(hold, kept.holds[n]));
    Object.assign(this.purse, kept.purse);
    this.purse.lines.length = kept.lines;
    return result;
  }
}

const isUnsettled = ({ status }: Hold): boolean => status === 'open' || status === 'expired';
const heldBy = ({ status, cents }: Hold): bigint => (status === 'open' ? nanoOf(cents) : 0n);
const settled = ({ charged, released }: Hold): string => `settled ${charged} ${released}`;
