/** Ids as OpenAI's objects have them: a prefix, and letters and digits that nobody guesses. */
import { randomBytes } from 'node:crypto';

const ID_BYTES = 16;

/** `file-` → `file-9f86d081884c7d659a2feaa0c55ad015` */
export const newId = (prefix: string): string => `${prefix}${randomBytes(ID_BYTES).toString('hex')}`;
