/** Asks again while whoever is asked is away: for what the campaign itself wants to know or do. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Defect } from '../caller';

const PATIENCE_MS = 120_000;

/** What is asked may be done twice. @throws Defect at once, and what else it threw last, after two minutes */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (const endMs = performance.now() + PATIENCE_MS; ; await sleep(100)) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof Defect || performance.now() > endMs) throw error;
    }
  }
}
