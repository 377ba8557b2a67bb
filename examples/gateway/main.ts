/** Starts the gateway: `BALLAST_URL=… BALLAST_KEY=… GATEWAY_KEYS=sk-demo=acct_1 node dist/examples/gateway/main.js`. */
import { createClient, UnsentEvents } from '../../client/index.js';
import { createGateway } from './server.js';
import { stubModel } from './stubModel.js';

function required(name: 'BALLAST_URL' | 'BALLAST_KEY' | 'GATEWAY_KEYS'): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must be set.`);
  return value;
}

/** `sk-a=account_1,sk-b=account_2` */
const keysOf = (list: string): Map<string, string> =>
  new Map(list.split(',').map((pair) => pair.split('=') as [string, string]));

async function main(): Promise<void> {
  const ballast = createClient({ url: required('BALLAST_URL'), key: required('BALLAST_KEY') });
  const gateway = createGateway({
    ballast,
    accounts: keysOf(required('GATEWAY_KEYS')),
    model: stubModel({ tokenMs: 20 }),
    onError: tell,
  });
  await ballast.gate.ready();
  const { port } = await gateway.listen(Number(process.env.PORT ?? 8080), '127.0.0.1');
  console.log(`gateway listening on http://127.0.0.1:${port}`);

  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    await gateway.close(); // answers and settles what is under way
    await ballast.close(); // then sends what is left
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => void (stopping ??= stop().then(() => process.exit(0), fail)));
}

/** Usage that could not be sent is written down, an event a line: `examples/python/report_usage.py` takes it from there, and charges it once. */
function tell(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof UnsentEvents) for (const event of error.events) console.error(JSON.stringify(event));
}

function fail(error: unknown): void {
  tell(error);
  process.exit(1);
}

main().catch(fail);
