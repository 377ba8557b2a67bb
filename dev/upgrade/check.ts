/** An upgrade from an earlier release to this one, on a copy that is made for it: nobody is refused, and the books are right at the end. */
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { Client as Postgres } from 'pg';
import { sleep, type Log } from '../commands';
import { Callers, type Heard } from './callers';
import type { Programs } from './programs';
import { open, prepare, use, type Keys } from './story';

/** Somebody reads all tables for so long while they are to be changed. */
const READER_MS = 3_000;
/** News may take so long until all of it is in the books. */
const PROOF_MS_MAX = 60_000;

/** @param homes of both releases, each with its `dist`. Throws at the first thing that is not as it must be */
export async function checkUpgrade(programs: Programs, homes: { old: string; now: string }, log: Log): Promise<void> {
  log(`the earlier release: ${firstLine(await programs.migrate(homes.old))}`);
  const old = await programs.startProgram('old api', 'api', homes.old);
  await programs.startProgram('old worker', 'worker', homes.old);
  const keys = await prepare(old, programs.adminKey);
  const onOld = { one: old, other: old };
  for (const id of ['before', 'steady']) await open(onOld, keys, id);
  await use(onOld, keys, 'before', 'before-1');
  log('the earlier release has served: prepaid, used, held, reloaded');

  const callers = new Callers(old, keys, 'steady');
  const starting = programs.startProgram('new api', 'api', homes.now);
  starting.catch(() => undefined);
  await migrate(programs, homes.now, callers, log);

  await programs.startProgram('old worker again', 'worker', homes.old);
  const again = await programs.startProgram('old api again', 'api', homes.old);
  await open({ one: old, other: again }, keys, 'between');
  await use({ one: old, other: again }, keys, 'between', 'between-1');
  log('the earlier release goes on, on the new schema; its processes that start again do too');
  await programs.stop('old api again');
  await programs.stop('old worker again');

  const now = await starting;
  log('the new API, which was started before the migration, serves after it');
  await programs.startProgram('new worker', 'worker', homes.now);
  await sideBySide(programs, { old, now }, keys);
  log('both releases serve the same accounts side by side, APIs and workers');

  await programs.stop('old worker');
  const onNow = { one: now, other: now };
  for (const id of ['before', 'between']) await use(onNow, keys, id, `${id}-on-new`);
  log('workflows that the earlier release began go on with the new worker alone');
  const sent = await callers.stop();
  report('while both served', callers.heard(), log);
  await programs.stop('old api');

  log(`${await replay(programs, homes.now)} histories replay with the new workflows`);
  await prove(programs, homes.now, sent, log);
}

/** Of the new release, while callers ask the old API and somebody reads every table for long. */
async function migrate(programs: Programs, home: string, callers: Callers, log: Log): Promise<void> {
  const reader = new Postgres({ connectionString: programs.postgres.url });
  await reader.connect();
  await reader.query(`begin; do $$ declare name text; begin
    for name in select quote_ident(relname) from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
    loop execute 'lock table ' || name || ' in access share mode'; end loop; end $$`);
  callers.heard();
  const startedMs = performance.now();
  const migrating = programs.migrate(home);
  const reading = sleep(READER_MS).then(() => reader.end());
  const said = await migrating.finally(() => reading);
  log(
    `the new release: ${said.length > 160 ? `${said.slice(0, 160)} …` : said} (${((performance.now() - startedMs) / 1_000).toFixed(1)} s, ${READER_MS / 1_000} s of them while somebody read all tables)`,
  );
  report('meanwhile', callers.heard(), log);
}

function report(when: string, { calls, refused, slowestMs }: Heard, log: Log): void {
  if (refused.length > 0)
    throw new Error(`${refused.length} of ${calls} calls were refused ${when}, first ${refused[0]}`);
  log(`${when}, ${calls} calls for usage and gates: none refused, the slowest took ${slowestMs.toFixed(0)} ms`);
}

async function sideBySide(programs: Programs, { old, now }: { old: string; now: string }, keys: Keys): Promise<void> {
  await open({ one: old, other: now }, keys, 'both');
  await use({ one: now, other: old }, keys, 'both', 'both-1');
  await use({ one: old, other: now }, keys, 'both', 'both-2');
  await use({ one: now, other: old }, keys, 'before', 'before-2');
  if (programs.complaints.length > 0) throw new Error(programs.complaints.join('\n'));
}

/** Every run that the server knows, against today's workflows. Returns how many. */
async function replay(programs: Programs, home: string): Promise<number> {
  const connection = await Connection.connect({ address: programs.temporal.address });
  try {
    const histories = new Client({ connection }).workflow.list().intoHistories();
    const bundle = { workflowBundle: { codePath: join(home, 'dist', 'workflows.bundle.js') } };
    let count = 0;
    for await (const { workflowId, error } of Worker.runReplayHistories(bundle, histories)) {
      if (error) throw new Error(`${workflowId} does not replay: ${error.message}`);
      count += 1;
    }
    if (count === 0) throw new Error('Temporal knows no history to replay.');
    return count;
  } finally {
    await connection.close();
  }
}

async function prove(programs: Programs, home: string, sent: number, log: Log): Promise<void> {
  const reader = new Postgres({ connectionString: programs.postgres.url });
  await reader.connect();
  const { rows } = await reader.query<{ n: number }>(
    "select count(*)::int as n from usage_events where account_id = 'steady'",
  );
  await reader.end();
  if (rows[0]!.n !== sent) throw new Error(`${sent} events were acknowledged, and ${rows[0]!.n} are there.`);
  log(`each of the ${sent} events that were acknowledged meanwhile is there once`);
  for (const endMs = performance.now() + PROOF_MS_MAX; ; await sleep(1_000)) {
    try {
      log(lastLine(await programs.verify(home)));
      break;
    } catch (error) {
      if (performance.now() > endMs) throw error;
    }
  }
  if (programs.complaints.length > 0) throw new Error(programs.complaints.join('\n'));
}

const firstLine = (text: string): string => {
  const [line] = text.split('\n');
  return line!.length > 80 ? `${line!.slice(0, 80)} …` : line!;
};
const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1)!;
