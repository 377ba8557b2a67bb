/** `npm run history:save -- <accountId> [name]`: saves an account's workflow history for replay in the tests. */
import { Client, Connection } from '@temporalio/client';
import { readConfig } from '../domain/config';
import { balanceWorkflowId } from '../workflows/messages';
import { saveHistories } from './histories';
import { rememberedAddress } from './ports';

const USAGE =
  'Usage: npm run history:save -- <accountId> [name]\n  name: a word for what the account has lived through, such as three-strikes';

async function main([accountId, name = 'saved']: string[]): Promise<void> {
  if (!accountId || !/^[a-z0-9-]+$/.test(name)) throw new Error(USAGE);
  const config = readConfig(process.env);
  const address = config.TEMPORAL_ADDRESS ?? rememberedAddress(config.DATA_DIR, 'temporal');
  if (!address) throw new Error(`No Temporal server is known: run npm start first, or set TEMPORAL_ADDRESS.`);
  const connection = await Connection.connect({ address, connectTimeout: 5_000 });
  try {
    const client = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
    const files = await saveHistories(client, balanceWorkflowId(accountId), `balance.${name}`);
    for (const file of files) process.stdout.write(`saved ${file}\n`);
    process.stdout.write(
      'npm test replays it from now on. Look through it before you commit it: it holds what its workflow was told.\n',
    );
  } finally {
    await connection.close();
  }
}

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
