/** `npm start`: the process that is the parent of all the others. */
import { readConfig } from '../domain/config';
import { openPlainOutput } from '../telemetry/log';
import { lockDataDir, readSecrets, stopLeftovers } from './dataDir';
import { Supervisor } from './supervisor';

// The terminal that reads it may be gone, or stopped: what is kept running must not be.
const log = openPlainOutput();

/** A killed npm takes its shell along, but tells us nothing. */
function whenParentIsGone(act: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  }, 500);
}

async function main(): Promise<void> {
  const config = readConfig(process.env);
  // Secrets, logs, histories: whatever we and our programs write is for this user only.
  process.umask(0o077);
  const { dataDir, release } = lockDataDir(config.DATA_DIR);
  const supervisor = new Supervisor(config, dataDir, readSecrets(dataDir, config.ADMIN_KEY), log);
  const finish = async (code: number) => {
    await supervisor.stop();
    release();
    process.exit(code);
  };
  const stop = () => {
    if (!supervisor.isStopping()) log('\nstopping …');
    void finish(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  if (process.env.npm_lifecycle_event) whenParentIsGone(stop);
  try {
    await stopLeftovers(dataDir, log);
    await supervisor.start();
  } catch (error) {
    if (supervisor.isStopping()) return; // what was starting failed because it was stopped
    log((error as Error).message);
    await finish(1);
  }
}

main().catch((error: Error) => {
  log(error.message);
  process.exit(1);
});
