/** `npm start`: the process that is the parent of all the others. */
import { readConfig } from '../domain/config';
import { openPlainOutput } from '../telemetry/log';
import { lockDataDir, readSecrets, stopLeftovers } from './dataDir';
import { setOrphanAside } from './postgres';
import { runUntilStopped } from './runUntilStopped';
import { Supervisor } from './supervisor';

// The terminal that reads it may be gone, or stopped: what is kept running must not be.
const log = openPlainOutput();

async function main(): Promise<void> {
  const config = readConfig(process.env);
  // Secrets, logs, histories: whatever we and our programs write is for this user only.
  process.umask(0o077);
  const { dataDir, release } = lockDataDir(config.DATA_DIR);
  await setOrphanAside(dataDir, log);
  const supervisor = new Supervisor(config, dataDir, readSecrets(dataDir, config.ADMIN_KEY), log);
  const start = async () => {
    await stopLeftovers(dataDir, log);
    await supervisor.start();
  };
  const kept = { start, stop: () => supervisor.stop(), isStopping: () => supervisor.isStopping() };
  await runUntilStopped(kept, release, log);
}

main().catch((error: Error) => {
  log(error.message);
  process.exit(1);
});
