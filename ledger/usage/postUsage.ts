/** Posts priced usage events: deducts each exactly once, one line and one position update per account (B2, B3). An event that names a hold settles it (B5). */
import type { GateState, Reason } from '../../domain/gate';
import type { Nano } from '../../domain/money';
import type { UsageEvent } from '../../domain/usageEvent';
import { numbersLiteral, textsLiteral } from '../arrayLiteral';
import type { Db } from '../db';
import type { MovedPosition } from '../accounts/position';

/** `kind` is only said where it does not follow from the images: a batch's. */
export type PricedEvent = UsageEvent & { cost: Nano; kind?: 'batch' };
/**
 * `account_closed`: it is closed, or about to be. `not_storable`: Postgres can't store it, such as when the balance would
 * leave 64 bits; only its poster finds that.
 */
export type NotPosted =
  'duplicate' | 'event_conflict' | 'unknown_account' | 'account_closed' | 'unknown_hold' | 'not_storable';
export type PostedUsage = {
  /** By account id, after the posting: every account named that exists. */
  positions: Map<string, MovedPosition>;
  /** By place in `events`, from 0: whatever was not taken now. */
  notPosted: Map<number, NotPosted>;
};

/** Lists, each as one text: Postgres joins them and we split them in a fraction of the time that a row each would take. */
type Row = Record<
  'places' | 'available' | 'watermarks' | 'wakes' | 'gates' | 'gate_versions' | 'reloads_due_ms',
  string
> & { outcomes: string | null };
const columns = ['places', 'outcomes', 'available', 'watermarks', 'wakes', 'gates', 'gate_versions', 'reloads_due_ms'];
const statement = {
  name: 'post-usage',
  text: `select ${columns.map((column) => `array_to_string(${column}, ',', '') as ${column}`).join(', ')}
         from post_usage($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
};

const NOTHING_FREED: ReadonlyMap<string, Nano> = new Map();

/**
 * One round trip for any number of events and accounts. Either all of it is committed or nothing. Ids must have been
 * checked before, and holds' ids be UUIDs: a single one that Postgres can't store would fail the whole commit.
 * @param freed by account id: what goes from held to available with its events, in the same update; not where none is new
 */
export async function postUsage(
  db: Db,
  events: readonly PricedEvent[],
  freed: ReadonlyMap<string, Nano> = NOTHING_FREED,
): Promise<PostedUsage> {
  const accounts = [...new Set(events.map((event) => event.accountId))].sort();
  const placeOf = new Map(accounts.map((account, index) => [account, index + 1]));
  const { rows } = await db.query<Row>({
    ...statement,
    values: [
      textsLiteral(accounts),
      numbersLiteral(events.map((event) => placeOf.get(event.accountId)!)),
      textsLiteral(events.map((event) => event.id)),
      textsLiteral(events.map((event) => event.model)),
      numbersLiteral(events.map((event) => event.inputTokens)),
      events.some((event) => event.cachedInputTokens !== 0)
        ? numbersLiteral(events.map((event) => event.cachedInputTokens))
        : null,
      numbersLiteral(events.map((event) => event.outputTokens)),
      events.some((event) => event.images !== 0) ? numbersLiteral(events.map((event) => event.images)) : null,
      events.some((event) => event.imageSize !== null) ? textsLiteral(events.map((event) => event.imageSize)) : null,
      numbersLiteral(events.map((event) => event.atMs)),
      numbersLiteral(events.map((event) => event.cost)),
      events.some((event) => event.holdId !== null) ? textsLiteral(events.map((event) => event.holdId)) : null,
      events.some((event) => event.kind !== undefined) ? textsLiteral(events.map((event) => event.kind ?? null)) : null,
      freed.size > 0 ? numbersLiteral(accounts.map((account) => freed.get(account) ?? 0n)) : null,
    ],
  });
  const posted: PostedUsage = { positions: new Map(), notPosted: new Map() };
  for (const row of rows) {
    if (row.outcomes === null) addPositions(posted.positions, row, accounts);
    else addNotPosted(posted.notPosted, row.places, row.outcomes);
  }
  return posted;
}

function addPositions(positions: Map<string, MovedPosition>, row: Row, accounts: readonly string[]): void {
  const available = row.available.split(',');
  const watermarks = row.watermarks.split(',');
  const wakes = row.wakes.split(',');
  const gates = row.gates.split(',');
  const gateVersions = row.gate_versions.split(',');
  const reloadsDueMs = row.reloads_due_ms.split(',');
  const shapes = new Map<string, Pick<MovedPosition, 'gateState' | 'gateReasons'>>();
  row.places.split(',').forEach((place, i) => {
    const accountId = accounts[Number(place) - 1]!;
    let shape = shapes.get(gates[i]!);
    if (!shape) shapes.set(gates[i]!, (shape = toShape(gates[i]!)));
    positions.set(accountId, {
      accountId,
      available: BigInt(available[i]!) as Nano,
      watermark: Number(watermarks[i]),
      wake: wakes[i] === 't',
      gateState: shape.gateState,
      gateReasons: shape.gateReasons,
      gateVersion: Number(gateVersions[i]),
      reloadDueMs: reloadsDueMs[i] === '' ? null : Number(reloadsDueMs[i]),
    });
  });
}

function toShape(gate: string): Pick<MovedPosition, 'gateState' | 'gateReasons'> {
  const [gateState, ...gateReasons] = gate.split('/') as [GateState, ...Reason[]];
  return { gateState, gateReasons };
}

function addNotPosted(notPosted: Map<number, NotPosted>, places: string, outcomes: string): void {
  const outcomeOf = outcomes.split(',') as NotPosted[];
  places.split(',').forEach((place, i) => notPosted.set(Number(place) - 1, outcomeOf[i]!));
}
