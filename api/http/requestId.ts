/** Every answer carries the request's id: the caller's, or one of ours. */
import { randomUUID } from 'node:crypto';

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** Ours are UUIDs that are random for each process and counted within it: drawing each anew costs a tenth of a gate's answer. */
const OF_PROCESS = randomUUID().slice(0, -12);
let drawn = 0;
const nextId = (): string => OF_PROCESS + (drawn++).toString(16).padStart(12, '0');

/** @param given the caller's, used if it is safe in headers and logs */
export const toRequestId = (given: string | string[] | undefined): string =>
  typeof given === 'string' && REQUEST_ID.test(given) ? given : nextId();
