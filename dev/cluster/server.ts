/** Starts one server of the cluster and waits until it answers. */
import { join } from 'node:path';
import { sleep, type Log } from '../commands';
import { startDaemon, tailOf, type DaemonOptions } from '../daemon';
import { recordProcess } from '../leftovers';
import type { Service } from '../keepRunning';

export type ServerOptions = Pick<DaemonOptions, 'command' | 'args' | 'uid' | 'gid' | 'stopSignal' | 'stopTimeoutMs'> & {
  name: string;
  dataDir: string;
  /** Throws, or says false, while it does not serve. */
  isReady: () => Promise<boolean>;
  readyMsMax: number;
  log: Log;
};

/** Throws with the end of its log when it is not ready in time. */
export async function startServer({
  name,
  dataDir,
  isReady,
  readyMsMax,
  log,
  ...daemonOptions
}: ServerOptions): Promise<Service> {
  const daemon = await startDaemon({
    ...daemonOptions,
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', LC_MESSAGES: 'C' },
    cwd: '/', // the servers' user need not be allowed into ours
    logFile: join(dataDir, 'logs', `${name}.log`),
  });
  recordProcess(join(dataDir, 'run', `${name}.json`), daemon.pid, log);
  const deadline = Date.now() + readyMsMax;
  while (!(await isReady().catch(() => false))) {
    if (daemon.isRunning() && Date.now() < deadline) await sleep(100);
    else {
      await daemon.stop();
      throw new Error(`${name} did not start:\n${tailOf(daemon)}`);
    }
  }
  return daemon;
}
