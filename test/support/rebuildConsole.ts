/** A new build of the console, as far as a browser can tell: each file has another name, and only the new ones are there. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Renames all that has a hash in its name, and what names it. @param folder a copy of the built console */
export async function rebuildConsole(folder: string): Promise<void> {
  const assets = join(folder, 'assets');
  const names = (await readdir(assets)).map((old) => [old, renamed(old)] as const);
  const texts = names.map(([old]) => join(assets, old)).filter((path) => /\.(js|css)$/.test(path));
  for (const path of [...texts, join(folder, 'index.html')]) {
    let content = await readFile(path, 'utf8');
    for (const [old, fresh] of names) content = content.replaceAll(old, fresh);
    await writeFile(path, content);
  }
  for (const [old, fresh] of names) await rename(join(assets, old), join(assets, fresh));
}

const renamed = (name: string): string =>
  name.replace(
    /-[\w-]{8}\.(\w+)$/,
    (_old, ending: string) => `-${createHash('md5').update(name).digest('hex').slice(0, 8)}.${ending}`,
  );
