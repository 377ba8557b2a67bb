/** What a request works with: the services of all, and a log of its own. */
import type { Logger } from 'pino';

/** Each line of its log says which request it belongs to, and which account where that is known. */
export const forRequest = <Services extends { log: Logger }>(
  services: Services,
  requestId: string,
  account: string | undefined,
): Services => ({ ...services, log: services.log.child({ requestId, ...(account !== undefined && { account }) }) });
