/** What callers were told has happened: at the end of each step it must stand in the database, once. */
import type { Pool } from 'pg';
import { centsToNano } from '../../domain/money';

export type SentEvent = { account: string; id: string; costNano: bigint };
type Paid = { account: string; id: string; cents: number };
type Line = { kind: 'adjustment' | 'usage_reversal'; account: string; sequence: number; nano: bigint };
type Decided = { id: string; status: 'approved' | 'denied' };
type PlacedHold = { account: string; id: string; nano: bigint };
type EndedHold = { account: string; id: string; status: 'settled' | 'released'; chargedNano: bigint };

const keyOf = (account: string, event: string): string => `${account} ${event}`;

export class Acknowledged {
  /** Every event that was ever sent, whether or not it was taken. */
  private readonly sent = new Map<string, SentEvent>();
  private readonly taken = new Set<string>();
  private readonly prepayments: Paid[] = [];
  private readonly pending: Paid[] = [];
  private readonly declined: { account: string; id: string }[] = [];
  private readonly refunds: (Paid & { payment: string })[] = [];
  private readonly lines: Line[] = [];
  private readonly placedHolds: PlacedHold[] = [];
  private readonly endedHolds = new Map<string, EndedHold>();
  private readonly decided: Decided[] = [];
  private readonly suspended = new Map<string, boolean>();

  counts(): Record<string, number> {
    return {
      'usage events': this.taken.size,
      prepayments: this.prepayments.length,
      refunds: this.refunds.length,
      'adjustments and reversals': this.lines.length,
      'holds placed': this.placedHolds.length,
      'holds ended': this.endedHolds.size,
      'limit requests decided': this.decided.length,
    };
  }

  send(event: SentEvent): void {
    this.sent.set(keyOf(event.account, event.id), event);
  }
  take({ account, id }: SentEvent): void {
    this.taken.add(keyOf(account, id));
  }
  /** Any event that was taken before, for a repeat. */
  anyTaken(next: () => number): SentEvent | null {
    const keys = [...this.taken].slice(-500);
    return keys.length === 0 ? null : this.sent.get(keys[Math.floor(next() * keys.length)]!)!;
  }
  /** @param isFinal false: the answer was that the outcome is not known yet */
  prepay(paid: Paid, isFinal: boolean): void {
    (isFinal ? this.prepayments : this.pending).push(paid);
  }
  decline(account: string, id: string): void {
    this.declined.push({ account, id });
  }
  refund(refund: Paid & { payment: string }): void {
    this.refunds.push(refund);
  }
  post(line: Line): void {
    this.lines.push(line);
  }
  decide(decided: Decided): void {
    this.decided.push(decided);
  }
  placeHold(hold: PlacedHold): void {
    this.placedHolds.push(hold);
  }
  endHold(hold: EndedHold): void {
    this.endedHolds.set(hold.id, hold);
  }
  /** Of one account only one such call may be under way. */
  suspend(account: string, is: boolean): void {
    this.suspended.set(account, is);
  }

  /** In plain words, what was acknowledged and does not stand; none: all does. Looks at everything, from the first step on. */
  async violations(pool: Pool): Promise<string[]> {
    return [
      ...(await this.usage(pool)),
      ...(await this.payments(pool)),
      ...(await this.posted(pool)),
      ...(await this.decisions(pool)),
      ...(await this.held(pool)),
      ...(await this.reasons(pool)),
    ];
  }

  private async usage(pool: Pool): Promise<string[]> {
    const { rows } = await pool.query<{ account: string; id: string; cost: bigint; times: bigint }>(
      `select account_id as account, event_id as id, min(cost_nano) as cost, count(*) as times
       from usage_events where kind <> 'batch' group by 1, 2`,
    );
    const found = new Map(rows.map((row) => [keyOf(row.account, row.id), row]));
    const wrong: string[] = [];
    for (const key of this.taken) if (!found.has(key)) wrong.push(`usage ${key} was acknowledged and is not there`);
    for (const [key, { cost, times }] of found) {
      const sent = this.sent.get(key);
      if (sent === undefined) wrong.push(`usage ${key} is there and was never sent`);
      else if (times !== 1n) wrong.push(`usage ${key} is there ${times} times`);
      else if (cost !== sent.costNano) wrong.push(`usage ${key} cost ${cost}, must be ${sent.costNano}`);
    }
    return wrong;
  }

  private async payments(pool: Pool): Promise<string[]> {
    const { rows } = await pool.query<{ id: string; status: string; credits: bigint; nano: string | null }>(
      `select p.id, p.status, count(l.key) as credits, sum(l.amount_nano)::text as nano
       from payments p left join ledger_lines l on l.key = 'pi/' || p.payment_intent_id and l.account_id = p.account_id
       group by p.id`,
    );
    const found = new Map(rows.map((row) => [row.id, row]));
    const wrong: string[] = [];
    for (const { id, cents, account } of this.prepayments) {
      const row = found.get(id);
      const right = row?.status === 'succeeded' && row.credits === 1n && row.nano === String(centsToNano(cents));
      if (!right)
        wrong.push(
          `prepayment ${id} of ${account} over ${cents} cents was acknowledged; it is ${row?.status ?? 'not there'} with ${row?.credits ?? 0n} credits of ${row?.nano ?? '0'}`,
        );
    }
    for (const { id, account } of this.pending)
      if (['processing', undefined].includes(found.get(id)?.status))
        wrong.push(`prepayment ${id} of ${account} is still ${found.get(id)?.status ?? 'not there'}`);
    for (const { id, account } of this.declined)
      if (found.get(id)?.status === 'succeeded')
        wrong.push(`prepayment ${id} of ${account} was declined, and has succeeded`);
    const { rows: made } = await pool.query<{ id: string; payment: string; cents: bigint }>(
      `select refund_id as id, payment_id as payment, amount_cents as cents from refund_requests where status = 'made'`,
    );
    const refunds = new Map(made.map((row) => [row.id, row]));
    for (const { id, payment, cents } of this.refunds)
      if (refunds.get(id)?.payment !== payment || refunds.get(id)?.cents !== BigInt(cents))
        wrong.push(`refund ${id} of ${payment} over ${cents} cents was acknowledged and does not stand`);
    return wrong;
  }

  private async posted(pool: Pool): Promise<string[]> {
    const { rows } = await pool.query<{ kind: string; account: string; sequence: bigint; nano: bigint }>(
      `select kind, account_id as account, sequence, amount_nano as nano from ledger_lines
       where kind in ('adjustment', 'usage_reversal')`,
    );
    const nameOf = ({
      kind,
      account,
      sequence,
    }: {
      kind: string;
      account: string;
      sequence: bigint | number;
    }): string => `${kind} ${sequence} of ${account}`;
    const found = new Map(rows.map((row) => [nameOf(row), row.nano]));
    const told = new Set(this.lines.map(nameOf));
    return [
      ...this.lines
        .filter((line) => found.get(nameOf(line)) !== line.nano)
        .map((line) => `${nameOf(line)} does not stand`),
      // Callers ask until they are answered: what nobody was told of was made twice.
      ...[...found.keys()].filter((name) => !told.has(name)).map((name) => `${name} was told to nobody`),
    ];
  }

  private async decisions(pool: Pool): Promise<string[]> {
    const { rows } = await pool.query<{ id: string; status: string; late: boolean }>(
      `select id, status, ended_at is null and decided_at < now() - interval '2 minutes' as late from limit_requests`,
    );
    const found = new Map(rows.map((row) => [row.id, row]));
    return [
      ...this.decided
        .filter(({ id, status }) => found.get(id)?.status !== status)
        .map(({ id, status }) => `limit request ${id} was ${status} and is ${found.get(id)?.status}`),
      ...rows.filter(({ late }) => late).map(({ id }) => `the workflow of limit request ${id} has not ended`),
    ];
  }

  /** A hold that nobody has ended is open until its time is over. */
  private async held(pool: Pool): Promise<string[]> {
    const { rows } = await pool.query<{ id: string; is: string; nano: bigint; charged: bigint | null }>(
      `select id, case when status = 'expired' and expires_at > clock_timestamp() then 'expired too early' else status end as is,
         amount_nano as nano, charged_nano as charged from holds`,
    );
    const found = new Map(rows.map((row) => [row.id, row]));
    return this.placedHolds
      .filter(({ id, nano }) => {
        const row = found.get(id);
        if (row?.nano !== nano) return true;
        const ended = this.endedHolds.get(id);
        if (ended === undefined) return !['open', 'expired'].includes(row.is);
        return row.is !== ended.status || (row.charged ?? 0n) !== ended.chargedNano;
      })
      .map(({ id, account, nano }) => {
        const must = this.endedHolds.get(id)?.status ?? 'open or expired';
        return `hold ${id} of ${account} over ${nano} must be ${must}; it is ${found.get(id)?.is ?? 'not there'} over ${found.get(id)?.nano}`;
      });
  }

  private async reasons(pool: Pool): Promise<string[]> {
    const { rows } = await pool.query<{ account: string }>(
      `select account_id as account from suspensions where reason = 'admin_suspended'`,
    );
    const suspended = new Set(rows.map(({ account }) => account));
    return [...this.suspended]
      .filter(([account, is]) => suspended.has(account) !== is)
      .map(([account, is]) => `${account} ${is ? 'was suspended and is not' : 'was resumed and is suspended'}`);
  }
}
