/** Makes a cluster on a data directory of its own, which it holds until it is released. */
import { readConfig } from '../../domain/config';
import type { Log } from '../commands';
import { lockDataDir, readSecrets, stopLeftovers } from '../dataDir';
import { Cluster } from './cluster';

/** Stops what an earlier run left, and takes the directory. Throws when another run has it. */
export async function openCluster(dataDirGiven: string, log: Log): Promise<{ cluster: Cluster; release: () => void }> {
  process.umask(0o077);
  const config = readConfig({ ...process.env, DATA_DIR: dataDirGiven, HOST: '127.0.0.1', DEMO: '0' });
  const { dataDir, release } = lockDataDir(dataDirGiven);
  await stopLeftovers(dataDir, log);
  return {
    cluster: new Cluster({ ...config, DATA_DIR: dataDir }, dataDir, readSecrets(dataDir, config.ADMIN_KEY), log),
    release,
  };
}
