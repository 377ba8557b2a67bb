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
