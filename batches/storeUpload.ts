/** Stores what is uploaded while it is checked: a refused upload leaves nothing in the store (L2, L7). */
import { ReservationOver } from '../ledger/files/reservationOver';
import type { FileStore } from './fileStore';

export type Checker<Checked> = {
  push(chunk: Buffer): void;
  /** Nothing more can change the verdict: the rest need not be read. */
  readonly hopeless: boolean;
  /** What is known after the last byte. */
  end(): Checked;
};

/** Ends the writing; it is no failure of the store. */
class Refused extends Error {}

/**
 * Throws what the content or the store throws, such as a connection that broke or a full disk; then nothing is stored.
 * @param isOver once it is aborted, the id is not reserved any more: `ReservationOver` is thrown
 */
export async function storeUpload<Checked extends { kind: string }>(
  store: FileStore,
  id: string,
  content: AsyncIterable<Buffer>,
  checker: Checker<Checked>,
  isOver: AbortSignal,
): Promise<Checked & { bytes: number }> {
  let checked: Checked | null = null;
  let bytes = 0;

  async function* whileChecked(): AsyncGenerator<Buffer> {
    for await (const chunk of content) {
      if (isOver.aborted) throw new ReservationOver(id);
      bytes += chunk.length;
      checker.push(chunk);
      if (checker.hopeless) break;
      yield chunk;
    }
    checked = checker.end();
    if (checked.kind === 'refused') throw new Refused();
  }

  try {
    await store.write(id, whileChecked());
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
  return { ...checked!, bytes };
}
