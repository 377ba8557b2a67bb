/** Stores a batch file while it is checked: a refused one leaves nothing in the store (L2). */
import { createFileChecker, type CheckedFile } from './checkFile';
import type { FileStore } from './fileStore';

/** Ends the writing; it is no failure of the store. */
class Refused extends Error {}

/** Throws what the content or the store throws, such as a connection that broke or a full disk; then nothing is stored. */
export async function storeUpload(
  store: FileStore,
  fileId: string,
  content: AsyncIterable<Buffer>,
): Promise<CheckedFile & { bytes: number }> {
  const checker = createFileChecker();
  let checked: CheckedFile | null = null;
  let bytes = 0;

  async function* whileChecked(): AsyncGenerator<Buffer> {
    for await (const chunk of content) {
      bytes += chunk.length;
      checker.push(chunk);
      if (checker.hopeless) break;
      yield chunk;
    }
    checked = checker.end();
    if (checked.kind === 'refused') throw new Refused();
  }

  try {
    await store.write(fileId, whileChecked());
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
  return { ...checked!, bytes };
}
