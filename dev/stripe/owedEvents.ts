// The events that the webhook endpoint has yet to take: each is claimed, sent, then taken off or put off.
import type { Store } from './store';

/** `payload`: the event as it is sent; `attempts`: this one included; `created`: Unix seconds. */
export type DueEvent = { id: string; payload: string; attempts: number; created: number };

export class OwedEvents {
  constructor(private readonly store: Store) {}

  /** Takes up to `limit` events that are due, in order of creation or last first; they are due again after `leaseMs`. */
  claim(limit: number, lastFirst: boolean, leaseMs: number): Promise<DueEvent[]> {
    const text = `
      update objects set attempts = attempts + 1, due_at = now() + $2 * interval '1 ms'
      where kind = 'events' and id in (
        select id from objects where due_at <= now() order by place ${lastFirst ? 'desc' : ''} limit $1 for update skip locked)
      returning id, body::text as payload, attempts, created::float8 as created, place::float8 as place`;
    return this.store
      .query<DueEvent & { place: number }>({ text, values: [limit, leaseMs] })
      .then((due) => due.sort((one, other) => (one.place - other.place) * (lastFirst ? -1 : 1)));
  }

  /** The endpoint has taken it, or it is given up. */
  async settle(id: string): Promise<void> {
    await this.store.query({
      text: `update objects set due_at = null where kind = 'events' and id = $1`,
      values: [id],
    });
  }

  async postpone(id: string, delayMs: number): Promise<void> {
    const text = `update objects set due_at = now() + $2 * interval '1 ms' where kind = 'events' and id = $1 and due_at is not null`;
    await this.store.query({ text, values: [id, delayMs] });
  }

  /** What a process before this one had claimed or put off is due now. */
  async releaseAll(): Promise<void> {
    await this.store.query({ text: 'update objects set due_at = now() where due_at is not null' });
  }

  /** In milliseconds from now; null when none is owed. */
  async nextDueMs(): Promise<number | null> {
    const text = `
      select greatest(0, extract(epoch from due_at - now()) * 1000)::float8 as ms from objects
      where due_at is not null order by due_at limit 1`;
    return (await this.store.query<{ ms: number }>({ text }))[0]?.ms ?? null;
  }

  async count(): Promise<number> {
    const text = 'select count(*)::int as owed from objects where due_at is not null';
    return (await this.store.query<{ owed: number }>({ text }))[0]!.owed;
  }
}
