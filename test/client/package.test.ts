/** The package as it is published: built for both kinds of modules, with types, without dependencies. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(__dirname, '..', '..');
const run = promisify(execFile);
let home: string;
let project: string;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'ballast-client-'));
  cpSync(join(root, 'client'), join(home, 'client'), { recursive: true, filter: (path) => !/\/(dist|node_modules)(\/|$)/.test(path) });
  cpSync(join(root, 'tsconfig.json'), join(home, 'tsconfig.json'));
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
  await run('npm', ['run', 'build'], { cwd: join(home, 'client'), env: { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}` } });
  project = join(home, 'project');
  mkdirSync(join(project, 'node_modules', '@ballast'), { recursive: true });
  symlinkSync(join(home, 'client'), join(project, 'node_modules', '@ballast', 'client'));
}, 120_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

const names = "Object.keys(client).filter((name) => typeof client[name] === 'function').length > 15";

test('it loads as a CommonJS module and as an ES module', async () => {
  writeFileSync(join(project, 'a.cjs'), `const client = require('@ballast/client'); console.log(${names}, require.resolve('@ballast/client'));`);
  writeFileSync(join(project, 'a.mjs'), `import * as client from '@ballast/client'; console.log(${names}, import.meta.resolve('@ballast/client'));`);
  expect((await run(process.execPath, ['a.cjs'], { cwd: project })).stdout).toMatch(/^true .*\/dist\/cjs\/index\.js$/m);
  expect((await run(process.execPath, ['a.mjs'], { cwd: project })).stdout).toMatch(/^true .*\/dist\/esm\/index\.js$/m);
});

test('its types hold for both', async () => {
  const good = "import { createClient } from '@ballast/client';\nexport const client = createClient({ url: 'http://localhost', key: 'k' });\nexport const allowed: boolean = client.gate.allows('a');\n";
  writeFileSync(join(project, 'good.mts'), good);
  writeFileSync(join(project, 'good.cts'), good);
  writeFileSync(join(project, 'bad.mts'), "import { createClient } from '@ballast/client';\nexport const client = createClient({ url: 1 });\n");
  const options = { module: 'nodenext', strict: true, noEmit: true, skipLibCheck: true, lib: ['es2023'], types: ['node'], typeRoots: [join(root, 'node_modules', '@types')] };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['good.mts', 'good.cts'] }));
  writeFileSync(join(project, 'tsconfig.bad.json'), JSON.stringify({ extends: './tsconfig.json', files: ['bad.mts'] }));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await run(process.execPath, [tsc, '-p', project]);
  await expect(run(process.execPath, [tsc, '-p', join(project, 'tsconfig.bad.json')])).rejects.toMatchObject({ stdout: expect.stringContaining('bad.mts(2,') });
}, 60_000);

test('it depends on nothing', () => {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, 'client', 'package.json'), 'utf8'));
  expect([dependencies, peerDependencies]).toEqual([undefined, undefined]);
  const sources = readdirSync(join(root, 'client')).filter((name) => name.endsWith('.ts'));
  const imported = sources.flatMap((name) => [...readFileSync(join(root, 'client', name), 'utf8').matchAll(/^(?:import|export) (type )?.*? from '([^.'][^']*)'/gm)].map(([, type, from]) => `${type ?? ''}${from}`));
  expect(imported).toEqual(['node:events', 'type node:http']);
});
