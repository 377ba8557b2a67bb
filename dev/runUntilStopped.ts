/** The life of a command that keeps others running: until Ctrl-C, SIGTERM, or the end of the npm that runs it. */
import type { Log } from './commands';

export interface Kept {
  start(): Promise<void>;
  /** Idempotent. */
  stop(): Promise<void>;
  isStopping(): boolean;
}

/** Ends the process: with 0 when it was stopped, with 1 and a line when it could not start. @param release what is given back at the end */
export async function runUntilStopped(kept: Kept, release: () => void, log: Log): Promise<void> {
  const finish = async (code: number) => {
    await kept.stop();
    release();
    process.exit(code);
  };
  const stop = () => {
    if (!kept.isStopping()) log('\nstopping …');
    void finish(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  if (process.env.npm_lifecycle_event) whenParentIsGone(stop);
  try {
    await kept.start();
  } catch (error) {
    if (kept.isStopping()) return; // what was starting failed because it was stopped
    log((error as Error).message);
    await finish(1);
  }
}

/** A killed npm takes its shell along, but tells us nothing. */
function whenParentIsGone(act: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  }, 500);
}
