/** Work that tells Temporal that it is alive: when the worker dies, it is taken up again within seconds, not after its timeout. */
import { Context } from '@temporalio/activity';

const HEARTBEAT_MS = 1_000;

export async function heartbeating<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
