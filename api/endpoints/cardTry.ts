/** A try of a card, within the limit on declines: 5 per account and hour, whoever asks (docs/security.md). */
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../domain/errors';
import { beginCardTry } from '../../ledger/payments/beginCardTry';
import { endCardTry } from '../../ledger/payments/endCardTry';
import { rateLimited } from '../http/rateLimiter';
import type { Services } from '../services';

/** Others that are under way may end well: so long one waits for them. */
const WAIT_MS_MAX = 25_000;
const LOOK_MS = 150;

/**
 * Runs `work`, which calls `begin` right before it tries a card: that throws `rate_limited` when no more may be declined.
 * A `card_declined` that `work` throws after that counts; any other end does not.
 * @param id the same for all who ask for the same try: it counts once
 */
export async function withCardTry<T>(
  { accountId, id }: { accountId: string; id: string },
  { pool }: Pick<Services, 'pool'>,
  work: (begin: () => Promise<void>) => Promise<T>,
): Promise<T> {
  let begun = false;
  let declined = false;
  try {
    return await work(async () => {
      await begin(pool, accountId, id);
      begun = true;
    });
  } catch (error) {
    declined = error instanceof Problem && error.code === 'card_declined';
    throw error;
  } finally {
    if (begun) await endCardTry(pool, id, declined);
  }
}

async function begin(pool: Services['pool'], accountId: string, id: string): Promise<void> {
  for (const deadlineMs = performance.now() + WAIT_MS_MAX; ; await sleep(LOOK_MS * (0.5 + Math.random()))) {
    const outcome = await beginCardTry(pool, accountId, id);
    if (outcome.kind === 'begun') return;
    if (outcome.kind === 'limited') throw rateLimited('declined_card', outcome.waitMs);
    if (performance.now() > deadlineMs) throw rateLimited('declined_card', 1_000);
  }
}
