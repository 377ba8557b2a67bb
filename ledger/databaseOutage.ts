/** What pg and Node say when the database is away, or can't go on now. */
import { DatabaseError } from 'pg';
import { READ_ONLY } from './db';

/** SQLSTATE classes that mean the database is away or can't go on now: connection, resources, operator, rollbacks. */
const OUTAGE_CLASSES = new Set(['08', '53', '57', '58', '40', '55']);
/** Of a process that was frozen, or a connection that was silent, in mid-transaction: Postgres has given the transaction up, and nothing is done. */
const GIVEN_UP = new Set(['25P03', '25P04']);
const OUTAGE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);
/** What pg says without a code. */
const OUTAGE_MESSAGE =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Cannot use a pool)/;

export function isDatabaseOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (code === READ_ONLY) return true;
  if (typeof code === 'string' && GIVEN_UP.has(code)) return true;
  if (error instanceof DatabaseError) return OUTAGE_CLASSES.has(error.code?.slice(0, 2) ?? '');
  return (typeof code === 'string' && OUTAGE_CODES.has(code)) || OUTAGE_MESSAGE.test(error.message);
}
