/** Holds the ledger against the payment provider's own list of charges, refunds and disputes: read page by page, by plain HTTP. */
import type { Client } from 'pg';
import { FIRST_MAX, type Difference, type Result } from './verify';

export type Provider = { baseUrl: string; secretKey: string };
type Options = {
  /** What happened at the provider so lately may still be on its way to the ledger, in seconds. */
  graceSeconds: number;
  onProgress?: (what: string, seen: number) => void;
};

type Listed = { id: string; created: number; payment_intent: string | null };
type Charge = Listed & {
  amount: number;
  status: string;
  captured: boolean;
  customer: string | null;
  metadata: Record<string, string>;
};
type Refund = Listed & { amount: number; status: string };
type Dispute = Listed & { balance_transactions: { amount: number }[] };
type Known = {
  intent: string;
  id: string | null;
  account: string | null;
  status: string | null;
  cents: string | null;
  credited: string | null;
  ours: boolean;
};

const STRIPE = 'https://api.stripe.com';
const PAGE = 100;
const ASK_MS_MAX = 30_000;
const NANO_PER_CENT = 10_000_000n;
/** What a PaymentIntent of ours says of the payment that it is for. */
const OF_PAYMENT = 'ballast_payment';

export const toProvider = (secretKey: string, baseUrl = STRIPE): Provider => ({ secretKey, baseUrl });

/** In the snapshot of the other checks: what is credited in it was captured before. @throws when the provider does not answer */
export async function verifyProvider(client: Client, provider: Provider, options: Options): Promise<Result[]> {
  const captured = newResult('P.1 What was captured is credited once, with its amount');
  const twice = newResult('P.2 No payment was captured twice');
  const credited = newResult('P.3 What was credited was captured');
  const back = newResult('P.4 What was given back was taken back, never more than was paid');
  const seen = new Seen();
  const lately = Date.now() / 1_000 - options.graceSeconds;
  for await (const page of list<Charge>(provider, 'charges', options)) {
    const paid = page.filter((charge) => charge.status === 'succeeded' && charge.captured);
    const known = await readKnown(client, paid);
    for (const [index, charge] of paid.entries()) {
      const payment = known[index]!;
      if (!payment.ours && charge.metadata[OF_PAYMENT] === undefined) continue;
      count(captured, whyNotCredited(charge, payment, charge.created > lately), payment.account ?? 'no account');
      count(twice, seen.capture(charge, payment), payment.account ?? 'no account');
    }
  }
  await verifyCredits(client, seen, credited);
  await verifyTakenBack(client, provider, { ...options, lately }, back);
  return [captured, twice, credited, back];
}

const newResult = (invariant: string): Result => ({ invariant, checked: 0, differences: 0, first: [] });

/** @param detail why it is wrong; null: it is right */
function count(result: Result, detail: string | null, place: string): void {
  result.checked += 1;
  if (detail === null) return;
  result.differences += 1;
  const difference: Difference = { place, detail };
  if (result.first.length < FIRST_MAX) result.first.push(difference);
}

/** The PaymentIntents and payments that were captured. */
class Seen {
  readonly intents = new Set<string>();
  private readonly payments = new Set<string>();

  /** Why this is one capture too many; null: it is the first of its PaymentIntent and of its payment. */
  capture(charge: Charge, { id }: Known): string | null {
    const intent = charge.payment_intent ?? charge.id;
    const payment = charge.metadata[OF_PAYMENT] ?? id ?? intent;
    const again = this.intents.has(intent) || this.payments.has(payment);
    this.intents.add(intent);
    this.payments.add(payment);
    return again ? `payment ${payment} was captured again by ${charge.id} of ${intent}` : null;
  }
}

function whyNotCredited(charge: Charge, payment: Known, isRecent: boolean): string | null {
  const what = `${charge.payment_intent} of ${charge.amount} cents`;
  if (payment.status === 'quarantined') return null;
  if (payment.status !== 'succeeded' || payment.credited === null)
    return isRecent ? null : `${what} was captured, its payment is ${payment.status ?? 'not known'}`;
  const right = BigInt(charge.amount) * NANO_PER_CENT;
  return BigInt(payment.credited) === right && Number(payment.cents) === charge.amount
    ? null
    : `${what} was captured, ${payment.credited} is credited`;
}

async function readKnown(client: Client, charges: readonly Charge[]): Promise<Known[]> {
  if (charges.length === 0) return [];
  const { rows } = await client.query<Known>(
    `select g.intent, p.id, p.account_id as account, p.status, p.amount_cents::text as cents, l.amount_nano::text as credited,
       p.id is not null or exists (select from accounts a where a.stripe_customer_id = g.customer) as ours
     from unnest($1::text[], $2::text[]) with ordinality g(intent, customer, place)
     left join payments p on p.payment_intent_id = g.intent
     left join ledger_lines l on l.key = 'pi/' || g.intent and l.kind <> 'usage'
     order by g.place`,
    [charges.map(({ payment_intent: intent }) => intent), charges.map(({ customer }) => customer)],
  );
  return rows;
}

async function verifyCredits(client: Client, seen: Seen, result: Result): Promise<void> {
  for (let after = ''; ;) {
    const { rows } = await client.query<{ intent: string; account: string }>(
      `select payment_intent_id as intent, account_id as account from payments
       where status = 'succeeded' and payment_intent_id > $1 order by payment_intent_id limit 10000`,
      [after],
    );
    for (const { intent, account } of rows)
      count(
        result,
        seen.intents.has(intent) ? null : `${intent} is credited, the provider has not captured it`,
        account,
      );
    if (rows.length === 0) return;
    after = rows.at(-1)!.intent;
  }
}

type Back = { refunded: number; disputed: number; newest: number };

async function verifyTakenBack(
  client: Client,
  provider: Provider,
  options: Options & { lately: number },
  result: Result,
): Promise<void> {
  const given = new Map<string, Back>();
  const add = ({ payment_intent: intent, created }: Listed, refunded: number, disputed: number): void => {
    if (intent === null) return;
    const before = given.get(intent) ?? { refunded: 0, disputed: 0, newest: 0 };
    given.set(intent, {
      refunded: before.refunded + refunded,
      disputed: before.disputed + disputed,
      newest: Math.max(before.newest, created),
    });
  };
  for await (const page of list<Refund>(provider, 'refunds', options))
    for (const refund of page) add(refund, ['failed', 'canceled'].includes(refund.status) ? 0 : refund.amount, 0);
  for await (const page of list<Dispute>(provider, 'disputes', options))
    for (const dispute of page)
      add(dispute, 0, Math.max(0, -dispute.balance_transactions.reduce((sum, { amount }) => sum + amount, 0)));
  const { rows } = await client.query<{ intent: string; account: string; cents: string; taken: string }>(
    `select p.payment_intent_id as intent, p.account_id as account, p.amount_cents::text as cents, coalesce(-sum(l.amount_nano), 0)::text as taken
     from payments p
     left join ledger_lines l on l.account_id = p.account_id and l.reference = p.purpose || '/' || p.id
       and l.kind in ('refund', 'refund_reversal', 'dispute', 'dispute_reversal')
     where p.status = 'succeeded' group by p.id having p.payment_intent_id = any($1) or count(l.sequence) > 0`,
    [[...given.keys()]],
  );
  for (const { intent, account, cents, taken } of rows) {
    const { refunded, disputed, newest } = given.get(intent) ?? { refunded: 0, disputed: 0, newest: 0 };
    const right = BigInt(Math.min(refunded + disputed, Number(cents))) * NANO_PER_CENT;
    const isRight = BigInt(taken) === right || newest > options.lately;
    const told = `${intent}: ${refunded} cents refunded and ${disputed} disputed of ${cents}, ${taken} taken back`;
    count(result, isRight ? null : told, account);
  }
}

/** Pages, newest first. A page that can't be read ends the proof: half a list proves nothing. */
async function* list<T extends Listed>(
  { baseUrl, secretKey }: Provider,
  kind: string,
  { onProgress }: Options,
): AsyncGenerator<T[]> {
  let seen = 0;
  for (let after: string | null = null; ;) {
    const query = new URLSearchParams({ limit: String(PAGE), ...(after !== null && { starting_after: after }) });
    const answer = await fetch(`${baseUrl}/v1/${kind}?${query.toString()}`, {
      headers: { authorization: `Bearer ${secretKey}` },
      signal: AbortSignal.timeout(ASK_MS_MAX),
    });
    if (!answer.ok) throw new Error(`The payment provider answered ${answer.status} when asked for its ${kind}.`);
    const { data, has_more: more } = (await answer.json()) as { data: T[]; has_more: boolean };
    yield data;
    seen += data.length;
    onProgress?.(kind, seen);
    after = data.at(-1)?.id ?? null;
    if (!more || after === null) return;
  }
}
