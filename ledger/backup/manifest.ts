/** What a backup is: a folder with one compressed file per table, and this beside them. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';

const name = z.string().regex(/^[a-z_][a-z0-9_]*$/);

const manifest = z.object({
  format: z.literal(1),
  /** The database as it was at this moment, by its own clock. */
  at: z.string(),
  /** All that the database had, in order. */
  migrations: z.array(z.string()),
  /** Months of usage such as 2026-11 that have a table of their own. */
  usageMonths: z.array(z.string().regex(/^\d{4}-\d{2}$/)),
  tables: z.array(
    z.object({
      name,
      columns: z.array(name),
      rows: z.number().int(),
      /** Of the file, in hexadecimal digits. */
      sha256: z.string(),
    }),
  ),
  /** How far each sequence had come: decimal. */
  sequences: z.array(z.object({ name, value: z.string().regex(/^\d+$/) })),
});
export type Manifest = z.infer<typeof manifest>;

/** Written last: a folder without it is no backup. */
export const MANIFEST = 'manifest.json';
export const tableFile = (folder: string, table: string): string => join(folder, `${table}.copy.gz`);

/** Reads it, and the checksum of each file. Throws one Error that says what is wrong with the backup. */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch(() => {
    throw new Error(`${folder} is no backup: it has no ${MANIFEST}.`);
  });
  const found = manifest.parse(JSON.parse(text));
  for (const { name: table, sha256 } of found.tables) {
    if ((await hashOfFile(tableFile(folder, table)).catch(() => null)) !== sha256)
      throw new Error(`The backup in ${folder} is damaged: ${table}.copy.gz is missing, or is not what was written.`);
  }
  return found;
}

export async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
