/** The rooms of the ledger: each table is kept by one of them, as its README says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ledger = join(__dirname, '..', '..', 'ledger');
const rooms = readdirSync(ledger, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const readmeOf = (room: string): string => readFileSync(join(ledger, room, 'README.md'), 'utf8');
const tables = [...readFileSync(join(ledger, 'schema.sql'), 'utf8').matchAll(/^create table (\w+)/gm)].map(
  ([, table]) => table!,
);

/** The tables named in "**Owns** …"; "in `table`" is a part of one. */
const ownedBy = (readme: string): string[] =>
  [...(/^\*\*Owns\*\*.*$/m.exec(readme)?.[0] ?? '').matchAll(/(?<!\bin )`(\w+)`/g)]
    .map(([, name]) => name!)
    .filter((name) => tables.includes(name));

test('each table is owned by exactly one room', () => {
  const owners = Object.fromEntries(tables.map((table) => [table, [] as string[]]));
  for (const room of ['.', ...rooms]) for (const table of ownedBy(readmeOf(room))) owners[table]!.push(room);
  expect(tables.length).toBeGreaterThan(40);
  expect(Object.entries(owners).filter(([, by]) => by.length !== 1)).toEqual([]);
});

test('each room stands in the table of rooms, with a link', () => {
  const overview = readmeOf('.');
  expect(rooms.filter((room) => !overview.includes(`| [${room}](${room}/README.md) |`))).toEqual([]);
});

/** Two ways to have one lock, and what a folder of a backup is. */
const TOGETHER = ['accounts/requireOpenAccount.ts', 'backup/manifest.ts', 'usage/archiveLock.ts'];

test('a file of a room is one operation of its own name, or what a thing is as a row', () => {
  const operations = /^export (?:async function (\w+)|const (\w+) = (?:async )?\([^=]*\): Promise<)/gm;
  const named = rooms.flatMap((room) =>
    readdirSync(join(ledger, room))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => {
        const text = readFileSync(join(ledger, room, file), 'utf8');
        return { file: `${room}/${file}`, names: [...text.matchAll(operations)].map((found) => found[1] ?? found[2]) };
      }),
  );
  const several = named.filter(({ names }) => names.length > 1).map(({ file }) => file);
  expect(several.sort()).toEqual(TOGETHER);
  const others = named.filter(
    ({ file, names }) => names.length === 1 && !TOGETHER.includes(file) && !file.endsWith(`/${names[0]}.ts`),
  );
  expect(others).toEqual([{ file: 'payments/paymentLock.ts', names: ['withPaymentLock'] }]);
});

test('each room says its words, what it owns, what it does not own, and what holds', () => {
  const code = rooms.filter((room) => room !== 'functions' && room !== 'migrations');
  for (const room of code) {
    const readme = readmeOf(room);
    expect(readme.split('\n').length).toBeLessThan(25);
    for (const part of ['**Words.**', '**Owns**', '**Does not own**', '**Invariants**'])
      expect(readme.includes(part) ? '' : `${room}: ${part}`).toBe('');
  }
});
