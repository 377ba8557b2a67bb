/** Keeps one decision of an account's workflow: what was known, which rule decided, and why (A15). */
import type { DecisionRecord } from '../../domain/accountState';
import type { Db } from '../db';

/** Written once per id: a repeated activity adds nothing. */
export async function recordDecision(
  db: Db,
  accountId: string,
  decision: DecisionRecord,
  known: object,
): Promise<void> {
  await db.query(
    `insert into decisions (id, account_id, at, kind, rule, because, known) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (id) do nothing`,
    [
      decision.id,
      accountId,
      new Date(decision.atMs),
      decision.kind,
      decision.rule,
      decision.because,
      JSON.stringify(known),
    ],
  );
}
