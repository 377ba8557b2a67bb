/** What a migration may not do to a table that is in use: hold a lock for as long as the table is large, or take away what the release before still uses. */

/** Of a table that the same migration makes, nothing is large and nothing in use. */
const CREATED = /^create table (?:if not exists )?(\w+)/i;
/** `-- small: limit_requests, at most 20 an account`: such a lock is over at once. */
const SMALL = /^--\s*small: (\w+)/gim;
/** `-- unused: evaluation_datasets.erased, since 0.4`: no release that may still run asks for it. */
const UNUSED = /^--\s*unused: ([\w.]+)/gim;

const CONSTANT = String.raw`(?:'[^']*'(?:::\w+)?|-?\d+|true|false|null|now\(\)|array\[\]::\w+\[\])`;

type Rule = { pattern: RegExp; because: string; table(match: RegExpExecArray, statement: string): string };
const alteredTable = (statement: string): string =>
  /^alter table (?:only )?(?:if exists )?(\w+)/i.exec(statement)?.[1] ?? '';

/** Each lock lasts as long as the table is large. */
const LONG_LOCKS: readonly Rule[] = [
  {
    pattern: /^create (?:unique )?index (?!concurrently).*? on (?:only )?(\w+)/is,
    because: 'an index is built while nobody can write',
    table: ([, table]) => table!,
  },
  {
    pattern: /\badd (?:constraint \w+ )?(?:check|foreign key|unique|primary key|exclude)\b(?!.*\bnot valid\b)/is,
    because: 'a constraint is checked for all rows: add it `not valid`, and validate it in a later migration',
    table: (_, statement) => alteredTable(statement),
  },
  {
    pattern:
      /\badd (?:column )?(?:if not exists )?(?!constraint|check|foreign|unique|primary|exclude)\w+ [^,]*\b(?:unique|primary key|generated|references|check)\b/is,
    because: 'the table is written anew, or read as a whole',
    table: (_, statement) => alteredTable(statement),
  },
  {
    pattern: new RegExp(String.raw`\badd column[^,]*\bdefault (?!${CONSTANT}(?:[\s,;]|$))`, 'is'),
    because: 'a default that is computed writes the table anew',
    table: (_, statement) => alteredTable(statement),
  },
  {
    pattern: /\balter (?:column )?\w+ (?:set data )?(?:type|set not null)\b/is,
    because: 'the table is written anew, or read as a whole',
    table: (_, statement) => alteredTable(statement),
  },
  {
    pattern: /^alter table (?:only )?\w+ (?:attach|detach) partition/is,
    because: 'the rows of the partition are read',
    table: (_, statement) => alteredTable(statement),
  },
  {
    pattern: /^update (?:only )?(\w+)/i,
    because: 'rows are moved in the worker, some at a time',
    table: ([, t]) => t!,
  },
  {
    pattern: /^(?:delete from|truncate|lock table|vacuum|cluster|reindex table) (?:only )?(\w+)/i,
    because: 'everybody else waits meanwhile',
    table: ([, table]) => table!,
  },
  {
    pattern: /^insert into (\w+)[^;]*\bselect\b/is,
    because: 'rows are moved in the worker, some at a time',
    table: ([, table]) => table!,
  },
];

/** What the processes of the release before meet with an error. */
const TAKEN_AWAY: readonly { pattern: RegExp; name(match: RegExpExecArray, statement: string): string }[] = [
  { pattern: /^drop table (?:if exists )?(\w+)/i, name: ([, table]) => table! },
  {
    pattern: /\bdrop column (?:if exists )?(\w+)/i,
    name: ([, column], statement) => `${alteredTable(statement)}.${column}`,
  },
  { pattern: /\brename column (\w+)/i, name: ([, column], statement) => `${alteredTable(statement)}.${column}` },
  { pattern: /\brename to\b/i, name: (_, statement) => alteredTable(statement) },
  { pattern: /^drop view (?:if exists )?(\w+)/i, name: ([, view]) => view! },
];

/** Statements with the comments before them left out; bodies between $$ are whole. */
function statementsOf(text: string): string[] {
  const bodies = text.match(/\$(\w*)\$[\s\S]*?\$\1\$/g) ?? [];
  const held = bodies.reduce((rest, body, nth) => rest.replace(body, `$body${nth}$`), text.replace(/--.*$/gm, ''));
  return held
    .split(';')
    .map((statement) => statement.trim().replace(/\s+/g, ' '))
    .filter((statement) => statement !== '');
}

const namesIn = (text: string, pattern: RegExp): Set<string> =>
  new Set([...text.matchAll(pattern)].map(([, name]) => name!));

/** What is wrong with a migration, a sentence each; none: it can run while the release before serves. */
export function findLongLocks(text: string): string[] {
  const statements = statementsOf(text);
  const free = namesIn(text, SMALL);
  for (const statement of statements) {
    const created = CREATED.exec(statement)?.[1];
    if (created) free.add(created);
  }
  const unused = namesIn(text, UNUSED);
  return statements.flatMap((statement) => {
    if (/^do /i.test(statement)) return ['do: a block can hide any lock; write statements'];
    const locks = LONG_LOCKS.flatMap(({ pattern, because, table }) => {
      const match = pattern.exec(statement);
      const name = match && table(match, statement);
      return name && !free.has(name) ? [`${name}: ${because}`] : [];
    });
    const gone = TAKEN_AWAY.flatMap(({ pattern, name: nameOf }) => {
      const match = pattern.exec(statement);
      const name = match && nameOf(match, statement);
      return name && !unused.has(name) ? [`${name}: the release before may still use it`] : [];
    });
    return [...locks, ...gone];
  });
}
