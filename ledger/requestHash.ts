/** What a row keeps of the request that has made it: another request under the same Idempotency-Key is told by it. */
import { createHash } from 'node:crypto';

/** SHA-256 of its JSON, in hexadecimal digits. Rows keep it for ever: what it is made of stays as it is. */
export const hashOfRequest = (content: unknown): string =>
  createHash('sha256').update(JSON.stringify(content)).digest('hex');
