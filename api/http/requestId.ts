/** Every answer carries the request's id: the caller's, or one of ours. */
import { randomUUID } from 'node:crypto';

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** @param given the caller's, taken over where it can stand in headers and logs */
export const toRequestId = (given: string | string[] | undefined): string =>
  typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
