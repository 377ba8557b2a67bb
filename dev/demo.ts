/** The demo of `npm start`: sets up two accounts, sends them traffic, and tells what happens to them. */
import { readConfig } from '../domain/config';
import { parseMoney } from '../domain/money';
import { openPlainOutput } from '../telemetry/log';
import { tellReady } from '../telemetry/ready';
import { sleep } from './commands';
import { startDemoExecutor } from './demoExecutor';
import { prepaidAccount, reloadingAccount, setUpDemo, type Demo } from './demoSetup';
import { runBatch } from './demoBatch';
import { runTraffic } from './demoTraffic';

interface Account {
  balance: string;
  gate: { state: string; reasons: string[] };
}

const watchEveryMs = 500;
const tellEveryMs = 10_000;

const log = openPlainOutput();

/** A line when an account's gate changes or money comes in, and one now and then as the balance falls. */
async function watch(demo: Demo, account: string): Promise<never> {
  const owner = demo.owners[account]!;
  let before: Account | null = null;
  let toldAt = 0;
  for (;;) {
    const now = await owner.get<Account>(`/v1/accounts/${account}`).catch(() => null);
    if (now) {
      const received = before ? parseMoney(now.balance) - parseMoney(before.balance) : 0n;
      const changed = now.gate.state !== before?.gate.state || received > 0n;
      if (changed || Date.now() - toldAt > tellEveryMs) {
        const reasons = now.gate.reasons.length > 0 ? ` (${now.gate.reasons.join(', ')})` : '';
        log(
          `${account.padEnd(14)}${inDollars(now.balance).padStart(9)}  ${now.gate.state}${reasons}${received > 0n ? '  money came in' : ''}`,
        );
        toldAt = Date.now();
      }
      before = now;
    }
    await sleep(watchEveryMs);
  }
}

/** To the cent, for the eye: the rest is cut off. */
function inDollars(balance: string): string {
  const [, sign, amount] = /^(-?)(\d+\.\d\d)/.exec(balance)!;
  return `${sign}$${amount}`;
}

/** The rest of the demo goes on. */
const tellNoBatch = (error: Error): void => log(`the demo's batch can not be shown: ${error.message}`);

async function main(): Promise<void> {
  const { ADMIN_KEY, DATA_DIR, HOST, PORT } = readConfig(process.env);
  const url = `http://${HOST}:${PORT}`;
  const demo = await setUpDemo(url, ADMIN_KEY ?? '', DATA_DIR);
  tellReady();
  startDemoExecutor({ url, key: demo.keys.serviceKey }).on('error', (error: Error) =>
    log(`the demo's batches are executed no more: ${error.message}`),
  );
  await Promise.all([
    runTraffic(demo, log),
    runBatch(demo, url, log).catch(tellNoBatch),
    watch(demo, reloadingAccount),
    watch(demo, prepaidAccount),
  ]);
}

main().catch((error: Error) => {
  log(`the demo could not be set up: ${error.message}`);
  process.exit(1);
});
