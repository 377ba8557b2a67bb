/** Lets in whoever has a right key or session. What strangers try is counted by their address, and asks little of the database. */
import { Problem } from '../../domain/errors';
import type { Keyring, Principal } from './auth';
import type { RateLimiter } from './rateLimiter';

/** By what a request says who is asking: the header of a key, or the token of a session. */
export type Identity = { by: 'key'; secret: string | undefined } | { by: 'session'; secret: string };

/**
 * Throws `unauthenticated`, and where the address has tried too many wrong keys `rate_limited`. A right key passes there
 * all the same, or anybody could lock out others behind the same proxy: at once where this process has met it, else in
 * its turn among the few of such addresses that are looked up.
 * @param isUse false: it keeps no idle session going
 */
export async function admit(
  { keyring, limiter }: { keyring: Keyring; limiter: RateLimiter },
  identity: Identity,
  addressOf: () => string,
  isUse = true,
): Promise<Principal> {
  const { by, secret } = identity;
  const isStrange = secret !== undefined && !keyring.isFamiliar(by, secret);
  const address = isStrange ? addressOf() : undefined;
  const refusal = address === undefined ? null : await limiter.refusalOf('wrong_key', { address });
  try {
    return await (by === 'key'
      ? keyring.authenticate(secret, refusal)
      : keyring.authenticateSession(secret, isUse, refusal));
  } catch (error) {
    if (secret !== undefined && isRefusal(error)) await limiter.take('wrong_key', { address: address ?? addressOf() });
    throw error;
  }
}

export const isRefusal = (error: unknown): boolean => error instanceof Problem && error.code === 'unauthenticated';
