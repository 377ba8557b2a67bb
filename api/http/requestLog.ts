/** What a request works with: the services of all, and a log of its own. */
import type { Logger } from 'pino';

/** Each line of its log says which request it belongs to, and which account where that is known. Made when it is first used: few requests log. */
export function forRequest<Services extends { log: Logger }>(
  services: Services,
  requestId: string,
  account: string | undefined,
): Services {
  let own: Logger | undefined;
  const log = {
    get: (): Logger => (own ??= services.log.child({ requestId, ...(account !== undefined && { account }) })),
  };
  return Object.create(services, { log }) as Services;
}
