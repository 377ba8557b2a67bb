import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(__dirname, '..', '..');
const config = join(root, '.dependency-cruiser.cjs');
const cruiser = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');

/** A rule about whole trees: those of the tests are of files that nothing leads to. */
const ofUnused = /^no-unused-/;

/** Every violation in the tree as `rule: from -> to`, sorted. The tool is an ES module: it runs beside us. */
function violationsIn(directory: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const args = [cruiser, '--config', config, '--output-type', 'json', '.'];
    execFile(process.execPath, args, { cwd: directory, maxBuffer: 64 * 1024 * 1024 }, (_exitCode, stdout, stderr) => {
      try {
        const { summary } = JSON.parse(stdout) as {
          summary: { totalCruised: number; violations: { rule: { name: string }; from: string; to: string }[] };
        };
        if (summary.totalCruised === 0) throw new Error('nothing was looked at');
        resolve([...new Set(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`))].sort());
      } catch (error) {
        reject(new Error(`dependency-cruiser did not answer: ${(error as Error).message}\n${stderr}`));
      }
    });
  });
}

/** A tree with these files beside our packages. */
async function inTree<T>(files: Record<string, string>, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'ballast-imports-'));
  try {
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
    writeFileSync(
      join(directory, 'package.json'),
      '{"dependencies": {"express": "*", "pg": "*", "stripe": "*", "zod": "*"}, "devDependencies": {"fast-check": "*"}}',
    );
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(directory, dirname(path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Plain modules to import from, one or two in each folder. */
const targets = Object.fromEntries(
  [
    'domain/money',
    'domain/config',
    'ledger/db',
    'stripe/client',
    'payments/charge',
    'notices/mail',
    'activities/index',
    'workflows/messages',
    'workflows/wake',
    'workflows/balance',
    'workers/main',
    'api/app',
    'client/gate',
    'dev/start',
    'bench/run',
    'chaos/run',
    'test/support/database',
  ].map((path) => [`${path}.ts`, 'export const value = 1;\nexport type Shape = number;\n']),
);

test('imports point one way: nothing in this tree breaks a rule', async () => {
  expect(await violationsIn(root)).toEqual([]);
});

test('imports that are allowed are not complained about', async () => {
  const fine = {
    'domain/a.ts': "import { z } from 'zod';\nimport { value } from './money';\nexport const a = [z, value];\n",
    'ledger/a.ts':
      "import { value } from '../domain/money';\nimport { Pool } from 'pg';\nexport const a = [value, Pool];\n",
    'notices/a.ts':
      "import { value } from '../ledger/db';\nimport type Stripe from 'stripe';\nexport const a = value as unknown as Stripe;\n",
    'stripe/a.ts': "import Stripe from 'stripe';\nexport const a = Stripe;\n",
    'workflows/a.ts':
      "import type { Shape } from '../activities';\nimport { value } from '../domain/money';\nexport const a: Shape = value;\n",
    'api/a.ts':
      "import express from 'express';\nimport { value } from '../workflows/messages';\nexport const a = [express, value];\n",
    'workers/a.ts':
      "import { value } from '../workflows/wake';\nimport { value as b } from '../activities';\nexport const a = [value, b];\n",
    'test/a.ts':
      "import { value } from '../api/app';\nimport { value as b } from '../dev/start';\nimport fc from 'fast-check';\nexport const a = [value, b, fc];\n",
  };
  const found = await inTree({ ...targets, ...fine }, violationsIn);
  expect(found.filter((violation) => !ofUnused.test(violation))).toEqual([]);
});

test('imports that are forbidden are caught, each by its rule', async () => {
  const forbidden: [rule: string, from: string, to: string][] = [
    ['domain-imports', 'domain/b1.ts', 'ledger/db.ts'],
    ['ledger-imports', 'ledger/b1.ts', 'payments/charge.ts'],
    ['stripe-imports', 'stripe/b1.ts', 'ledger/db.ts'],
    ['payments-imports', 'payments/b1.ts', 'notices/mail.ts'],
    ['notices-imports', 'notices/b1.ts', 'payments/charge.ts'],
    ['activities-imports', 'activities/b1.ts', 'workers/main.ts'],
    ['activities-imports', 'activities/b2.ts', 'stripe/client.ts'],
    ['workers-imports', 'workers/b1.ts', 'api/app.ts'],
    ['api-asks-stripe-through-payments', 'api/b3.ts', 'stripe/client.ts'],
    ['workflows-imports', 'workflows/b1.ts', 'ledger/db.ts'],
    ['workflows-stay-small', 'workflows/b2.ts', 'domain/config.ts'],
    ['workflows-take-types-of-activities', 'workflows/b3.ts', 'activities/index.ts'],
    ['workflows-do-not-start-workflows-as-clients', 'workflows/b4.ts', 'workflows/wake.ts'],
    ['api-imports', 'api/b1.ts', 'activities/index.ts'],
    ['workflows-are-talked-to-by-messages', 'api/b2.ts', 'workflows/balance.ts'],
    ['client-imports', 'client/b1.ts', 'domain/money.ts'],
    ['nothing-imports-tests', 'dev/b1.ts', 'test/support/database.ts'],
    ['telemetry-imports', 'telemetry/b1.ts', 'domain/money.ts'],
    ['usage-imports', 'usage/b1.ts', 'payments/charge.ts'],
    ['batches-imports', 'batches/b1.ts', 'notices/mail.ts'],
    ['verify-imports', 'verify/b1.ts', 'ledger/db.ts'],
    ['examples-imports', 'examples/b1.ts', 'domain/money.ts'],
    ['console-imports', 'console/b1.ts', 'domain/money.ts'],
    ['nothing-imports-bench-or-chaos', 'dev/b2.ts', 'bench/run.ts'],
  ];
  const packages: [rule: string, from: string, name: string][] = [
    ['domain-is-pure', 'domain/p1.ts', 'pg'],
    ['domain-is-pure', 'domain/p2.ts', 'node:fs'],
    ['express-stays-in-api', 'ledger/p1.ts', 'express'],
    ['stripe-stays-in-stripe', 'api/p1.ts', 'stripe'],
    ['workflows-are-deterministic', 'workflows/p1.ts', 'node:crypto'],
    ['no-dev-packages', 'api/p2.ts', 'fast-check'],
    ['no-unresolved', 'api/p3.ts', './nowhere'],
  ];
  const importOf = (name: string) => `import * as it from '${name}';\nexport const used = it;\n`;
  const files = Object.fromEntries([
    ...forbidden.map(([, from, to]) => [from, importOf(`../${to.replace(/\.ts$/, '')}`)]),
    ...packages.map(([, from, name]) => [from, importOf(name)]),
    ['ledger/c1.ts', importOf('./c2')],
    ['ledger/c2.ts', importOf('./c1')],
    // Everywhere, and by types alone too: `dev` may import what it likes, but not in a circle.
    ['dev/t1.ts', "import type { Two } from './t2';\nexport type One = Two | 1;\n"],
    ['dev/t2.ts', "import type { One } from './t1';\nexport type Two = One[];\n"],
  ]) as Record<string, string>;

  const all = await inTree({ ...targets, ...files }, violationsIn);
  const found = all.filter((violation) => !ofUnused.test(violation));

  for (const [rule, from, to] of forbidden) expect(found).toContain(`${rule}: ${from} -> ${to}`);
  for (const [rule, from] of packages) expect(found).toContainEqual(expect.stringContaining(`${rule}: ${from} -> `));
  expect(found).toContainEqual(expect.stringMatching(/^no-circles: ledger\/c\d\.ts -> ledger\/c\d\.ts$/));
  expect(found).toContainEqual(expect.stringMatching(/^no-circles: dev\/t\d\.ts -> dev\/t\d\.ts$/));
  const guilty = new Set(Object.keys(files));
  expect(found.filter((violation) => !guilty.has(/: (\S+) ->/.exec(violation)![1]!))).toEqual([]);
});

test('a file that no program leads to is found, also when a test or another such file needs it', async () => {
  const files = {
    'workers/main.ts': "import { value } from '../ledger/used';\nexport const a = value;\n",
    'ledger/used.ts': 'export const value = 1;\n',
    'ledger/tested.ts': "import { value } from './behind';\nexport const a = value;\n",
    'ledger/behind.ts': 'export const value = 1;\n',
    'batches/alone.ts': 'export const value = 1;\n',
    'console/src/pages/alone/Alone.tsx': 'export const value = 1;\n',
    'dev/alone.ts': 'export const value = 1;\n',
    'test/a.test.ts':
      "import { value } from './support/used';\nimport { a } from '../ledger/tested';\nexport const b = [value, a];\n",
    'test/support/used.ts': 'export const value = 1;\n',
    'test/support/alone.ts': 'export const value = 1;\n',
  };
  const found = await inTree(files, violationsIn);
  expect(found.map((violation) => violation.replace(/: .* -> /, ': '))).toEqual([
    'no-unused-files: batches/alone.ts',
    'no-unused-files: console/src/pages/alone/Alone.tsx',
    'no-unused-files: ledger/behind.ts',
    'no-unused-files: ledger/tested.ts',
    'no-unused-helpers: dev/alone.ts',
    'no-unused-helpers: test/support/alone.ts',
  ]);
});

test('every folder with source is compiled, and `npm run check` holds it to the import rules', () => {
  const { include } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as { include: string[] };
  const withSource = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !['node_modules', 'dist'].includes(entry.name))
    .filter(({ name }) =>
      readdirSync(join(root, name), { recursive: true }).some((file) => /\.tsx?$/.test(String(file))),
    )
    .map(({ name }) => name);
  // The console has a compiler's configuration of its own, for browsers; `check` names it apart.
  expect(withSource.filter((name) => name !== 'console' && !include.includes(name))).toEqual([]);
  expect(withSource).toContain('console');
});

test('the picture of the folders in docs/concepts.md shows what the rules allow', () => {
  const concepts = readFileSync(join(root, 'docs', 'concepts.md'), 'utf8');
  const [, picture] = /may import which[^]*?```mermaid\nflowchart TD\n([^]*?)```/.exec(concepts)!;
  const arrows = [...picture!.matchAll(/^ *(.+) --> (.+)$/gm)].flatMap(([, from, to]) =>
    from!.split(' & ').flatMap((one) => to!.split(' & ').map((other) => [one, other] as const)),
  );
  const below = (folder: string): string[] =>
    arrows.filter(([from]) => from === folder).flatMap(([, to]) => [to, ...below(to)]);
  const except: Record<string, (shown: string[]) => string[]> = {
    activities: (shown) => shown.filter((folder) => folder !== 'stripe'),
    workflows: (shown) => [...shown, 'activities'],
  };

  const { forbidden } = jest.requireActual<{ forbidden: { name: string; to: { path: string } }[] }>(config);
  const folders = [...new Set(arrows.flat())];
  expect(folders.length).toBeGreaterThan(10);
  for (const folder of folders) {
    const others = new RegExp(forbidden.find(({ name }) => name === `${folder}-imports`)!.to.path);
    const allowed = folders.filter((other) => other !== folder && !others.test(`${other}/`));
    const shown = (except[folder] ?? ((same: string[]) => same))(below(folder));
    expect({ folder, may: [...new Set(shown)].sort() }).toEqual({ folder, may: allowed.sort() });
  }
});
