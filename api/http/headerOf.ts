/** One header of a request, whatever way it was sent. */
import type { IncomingMessage } from 'node:http';

export function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = Object.entries(headers).find(([given]) => given === name.toLowerCase())?.[1];
  return Array.isArray(value) ? value.join(', ') : value;
}
