/** `npm run trace`: charges a trace file to an account through the public API and proves the charge to the nano-dollar. */
import { parseArgs } from 'node:util';
import { SingleBar, Presets } from 'cli-progress';
import { readConfig } from '../domain/config';
import { formatMoney, nano, parseMoney } from '../domain/money';
import { createApi, type Api } from './apiClient';
import { storedSecrets } from './dataDir';
import { readDemoKeys } from './demoKeys';
import { compare, ledgerAgrees, readCharged } from './traceCheck';
import { hashFile, readTrace, sumTrace, type TokenPrices } from './traceFile';
import { postTrace, type Posted } from './tracePost';

const usage = `npm run trace -- FILE --account ID --speed 60|max [--url http://127.0.0.1:3000] [--model M]

Charges each row of FILE (columns TIMESTAMP, ContextTokens, GeneratedTokens) to the account. The same file again charges nothing twice.
Keys come by the environment (ADMIN_KEY, SERVICE_KEY), since everybody can read a command line, or from the data directory of a local npm start. Without --model the file gets a model of its own,
so that the account's usage of that model is what this file was charged, however often it ran.`;

// Odd on purpose: almost every request is rounded, so a wrong rounding can't hide.
const ownPrices = { inputPerMillion: '0.300000007', outputPerMillion: '1.500000011' };

interface Model {
  id: string;
  prices: { inputPerMillion?: string; outputPerMillion?: string }[];
}

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      account: { type: 'string' },
      speed: { type: 'string' },
      url: { type: 'string' },
      model: { type: 'string' },
    },
  });
  const speed = values.speed === 'max' ? Infinity : Number(values.speed);
  const [file] = positionals;
  if (!file || positionals.length > 1 || !values.account || !(speed > 0)) throw new Error(usage);
  return { ...values, file, account: values.account, speed };
}

/** The service key to use: the given one, the demo's, or one made for this run, which `done` revokes. */
async function serviceKey(
  given: string | undefined,
  dataDir: string,
  admin: Api,
): Promise<{ key: string; done: () => Promise<void> }> {
  const known = given ?? readDemoKeys(dataDir)?.serviceKey;
  if (known) return { key: known, done: () => Promise.resolve() };
  const { body } = await admin.request<{ id: string; key: string }>('POST', '/v1/keys', {
    body: { role: 'service', name: 'npm run trace' },
  });
  return { key: body.key, done: async () => void (await admin.request('DELETE', `/v1/keys/${body.id}`)) };
}

/** The prices of the model, which is created when it is the file's own. A model whose price has changed has no one sum. */
async function pricesOf(admin: Api, id: string, own: boolean): Promise<TokenPrices> {
  if (own) {
    const prices = [{ from: '2023-01-01T00:00:00Z', ...ownPrices }];
    const body = { provider: 'trace', license: 'open', input: ['text'], output: 'text', batch: false, prices };
    await admin.request('PUT', `/v1/models/${id}`, { body });
  }
  const { data } = await admin.get<{ data: Model[] }>('/v1/models');
  const prices = data.find((model) => model.id === id)?.prices ?? [];
  const [price] = prices;
  if (prices.length !== 1 || !price?.inputPerMillion || !price.outputPerMillion) {
    throw new Error(
      `Model ${id} must have exactly one price version, for input and output tokens; it has ${prices.length}.`,
    );
  }
  return { input: parseMoney(price.inputPerMillion), output: parseMoney(price.outputPerMillion) };
}

function report(posted: Posted): void {
  console.log(
    `${posted.accepted} charged, ${posted.duplicates} were charged before, ${posted.rejected.length} rejected`,
  );
  for (const { id, code, message } of posted.rejected.slice(0, 5)) console.log(`  ${id}: ${code}, ${message}`);
}

async function main(): Promise<boolean> {
  const { file, account, speed, model: wantedModel, ...options } = readArguments();
  const config = readConfig(process.env);
  const url = options.url ?? `http://${config.HOST}:${config.PORT}`;
  const adminKey = config.ADMIN_KEY ?? storedSecrets(config.DATA_DIR)?.adminKey;
  if (!adminKey)
    throw new Error(`There is no admin key in ${config.DATA_DIR}: set ADMIN_KEY, or DATA_DIR to that of npm start.`);
  const admin = createApi(url, adminKey);
  await admin.get(`/v1/accounts/${account}`); // says at once when there is no such account
  const hash = await hashFile(file);
  const model = wantedModel ?? `trace-${hash.slice(0, 8)}`;
  const expected = await sumTrace(file, await pricesOf(admin, model, !wantedModel));
  console.log(
    `${file}: ${expected.requests} requests for account ${account}, model ${model}, $${formatMoney(nano(expected.costNano))} in all`,
  );

  const { key, done } = await serviceKey(process.env.SERVICE_KEY, config.DATA_DIR, admin);
  const bar = new SingleBar(
    {
      format: '  {bar} {percentage}% | {value}/{total} | {duration_formatted}',
      noTTYOutput: true,
      notTTYSchedule: 5_000,
    },
    Presets.shades_classic,
  );
  bar.start(Number(expected.requests), 0);
  const posted = await postTrace(readTrace(file), {
    service: createApi(url, key),
    accountId: account,
    model,
    idPrefix: hash.slice(0, 16),
    speed,
    onProgress: (rows) => bar.increment(rows),
  })
    .finally(() => bar.stop())
    .finally(done);
  report(posted);

  const { exact, table } = compare(expected, await readCharged(admin, account, model));
  console.log(table);
  if (!exact && wantedModel)
    console.log(
      `Other usage of ${model} in this account counts too; without --model the file gets a model of its own.`,
    );
  const agrees = await ledgerAgrees(admin, account);
  console.log(
    agrees === null
      ? 'The ledger was not compared: other traffic moves this account, or it is too long.'
      : `The ledger ${agrees ? 'agrees' : 'DIFFERS'}.`,
  );
  console.log(exact ? 'Exact to the nano-dollar.' : 'NOT exact.');
  return exact && agrees !== false;
}

main().then(
  (exact) => (process.exitCode = exact ? 0 : 1),
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
