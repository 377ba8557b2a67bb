/** What `npm start` does with a database that it has not found whole: it never begins with an empty one by itself. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { startPostgres } from '../../dev/postgres';
import { dist } from '../support/paths';

let home: string;
let dataDir: string;
const outside = new Set<string>();
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ballast-cluster-'));
  // As root, Postgres is its own user, who may pass through.
  chmodSync(home, 0o755);
  dataDir = join(home, 'data');
});
afterEach(() => {
  for (const folder of [home, ...outside]) rmSync(folder, { recursive: true, force: true });
});

const password = () => join(dataDir, 'postgres-password');
/** Starts it, asks or changes something, and stops it. */
async function withPostgres<T>(query: string): Promise<T[]> {
  const postgres = await startPostgres({ dataDir, durable: false });
  const client = new Client({ connectionString: postgres.url });
  try {
    await client.connect();
    return (await client.query(query)).rows as T[];
  } finally {
    await client.end();
    await postgres.stop();
  }
}
const fill = () => withPostgres('create table balance as select 12.34 as dollars');
const balance = () => withPostgres('select dollars::text from balance');
const rich = [{ dollars: '12.34' }];

test('O4 a database without its password is kept, and the start says what to do', async () => {
  await fill();
  renameSync(password(), `${password()}.away`);
  await expect(withPostgres('select')).rejects.toThrow(
    new RegExp(`There is a database in ${join(dataDir, 'postgres')}, but not its password, ${password()}`),
  );
  renameSync(`${password()}.away`, password());
  expect(await balance()).toEqual(rich);
}, 120_000);

test('O4 a password without its database is kept, and the start ends with a line that names both', async () => {
  await fill();
  renameSync(join(dataDir, 'postgres'), join(home, 'away'));
  const before = readFileSync(password(), 'utf8');
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(dist, 'dev', 'start.js')], {
    encoding: 'utf8',
    timeout: 30_000,
    env: { ...process.env, DATA_DIR: dataDir, PORT: '0', TEMPORAL_ADDRESS: '127.0.0.1:1', DEMO: '0' },
  });
  expect({ status, told: `${stdout}${stderr}`.includes(`there is no ${join(dataDir, 'postgres')}.`) }).toEqual({
    status: 1,
    told: true,
  });
  expect(readFileSync(password(), 'utf8')).toBe(before);
  renameSync(join(home, 'away'), join(dataDir, 'postgres'));
  expect(await balance()).toEqual(rich);
}, 120_000);

test.each(['before its password was kept', 'after that'])(
  'O4 a first start that was killed %s is made good by the next',
  async (when) => {
    await fill();
    if (when === 'after that') renameSync(join(dataDir, 'postgres'), join(dataDir, 'postgres.new'));
    else {
      for (const path of [password(), join(dataDir, 'postgres')]) rmSync(path, { recursive: true });
      mkdirSync(join(dataDir, 'postgres.new'));
      writeFileSync(join(dataDir, 'postgres.new', 'PG_VERSION'), '18');
    }
    expect(await withPostgres('select 1 as one')).toEqual([{ one: 1 }]);
    expect(existsSync(join(dataDir, 'postgres.new'))).toBe(false);
  },
  120_000,
);

const asRoot = process.getuid?.() === 0 ? test : test.skip;

const outsideOf = (folder: string): string => {
  const place = join('/var/lib/ballast', createHash('sha256').update(folder).digest('hex').slice(0, 12), 'postgres');
  outside.add(dirname(place));
  return place;
};

asRoot(
  'O4 a new data directory in the place of a deleted one begins, and keeps the database that was outside of it',
  async () => {
    chmodSync(home, 0o700);
    await fill();
    const place = outsideOf(dataDir);
    expect(existsSync(place)).toBe(true);
    // While anything is left of the directory, its database is not touched.
    renameSync(password(), join(home, 'password'));
    expect(startNew()).toMatch(/There is a database in .*, but not its password/);
    rmSync(dataDir, { recursive: true });
    const told = startNew();
    const [aside] = readdirSync(dirname(place)).filter((name) => name.startsWith('postgres.old-'));
    expect(told).toContain(`${dataDir} is new; the database of the one that was here before is kept in ${place}.old-`);
    expect(await withPostgres(`select to_regclass('balance') as balance`)).toEqual([{ balance: null }]);
    rmSync(place, { recursive: true });
    renameSync(join(dirname(place), aside!), place);
    renameSync(join(home, 'password'), password());
    expect(await balance()).toEqual(rich);
  },
  120_000,
);

/** What `npm start` says until it has a database, or gives up. */
function startNew(): string {
  const { stdout, stderr } = spawnSync(process.execPath, [join(dist, 'dev', 'start.js')], {
    encoding: 'utf8',
    timeout: 15_000,
    killSignal: 'SIGTERM',
    env: { ...process.env, DATA_DIR: dataDir, PORT: '0', TEMPORAL_ADDRESS: '127.0.0.1:1', DEMO: '0' },
  });
  return `${stdout}${stderr}`;
}

asRoot(
  'O4 a data directory that was moved does not begin with an empty database where Postgres lives outside it',
  async () => {
    chmodSync(home, 0o700);
    await fill();
    const [older, before] = [outsideOf(dataDir), readFileSync(password(), 'utf8')];
    expect(readlinkSync(join(dataDir, 'postgres'))).toBe(older);
    const moved = join(home, 'moved');
    renameSync(dataDir, moved);
    dataDir = moved;
    const newer = outsideOf(moved);
    const start = withPostgres('select');
    await expect(start).rejects.toThrow(new RegExp(`is ${older}, .* reaches only ${newer}\\..* mv ${older} ${newer}`));
    expect(readFileSync(password(), 'utf8')).toBe(before);
    expect(readlinkSync(join(dataDir, 'postgres'))).toBe(older);
    execFileSync('mv', [older, newer]);
    expect(await balance()).toEqual(rich);
    expect(readlinkSync(join(dataDir, 'postgres'))).toBe(newer);
  },
  120_000,
);
