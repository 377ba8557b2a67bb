/** The package as it is published: built for both kinds of modules, with types, without dependencies. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';

const root = join(__dirname, '..', '..');
const run = promisify(execFile);
let home: string;
let project: string;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'ballast-client-'));
  cpSync(join(root, 'client'), join(home, 'client'), {
    recursive: true,
    filter: (path) => !/\/(dist|node_modules)(\/|$)/.test(path),
  });
  cpSync(join(root, 'tsconfig.json'), join(home, 'tsconfig.json'));
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
  project = join(home, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{"private":true}');
  // Which builds it: a folder that is depended on brings no compiled files.
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', '../client'], { cwd: project });
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const names = "Object.keys(client).filter((name) => typeof client[name] === 'function').length > 15";

test('it loads as a CommonJS module and as an ES module', async () => {
  writeFileSync(
    join(project, 'a.cjs'),
    `const client = require('@ballast/client'); console.log(${names}, require.resolve('@ballast/client'));`,
  );
  writeFileSync(
    join(project, 'a.mjs'),
    `import * as client from '@ballast/client'; console.log(${names}, import.meta.resolve('@ballast/client'));`,
  );
  expect((await run(process.execPath, ['a.cjs'], { cwd: project })).stdout).toMatch(/^true .*\/dist\/cjs\/index\.js$/m);
  expect((await run(process.execPath, ['a.mjs'], { cwd: project })).stdout).toMatch(/^true .*\/dist\/esm\/index\.js$/m);
});

test('its types hold for both', async () => {
  const good =
    "import { createClient } from '@ballast/client';\nexport const client = createClient({ url: 'http://localhost', key: 'k' });\nexport const allowed: boolean = client.gate.allows('a');\n";
  writeFileSync(join(project, 'good.mts'), good);
  writeFileSync(join(project, 'good.cts'), good);
  writeFileSync(
    join(project, 'bad.mts'),
    "import { createClient } from '@ballast/client';\nexport const client = createClient({ url: 1 });\n",
  );
  const options = {
    module: 'nodenext',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    lib: ['es2023'],
    types: ['node'],
    typeRoots: [join(root, 'node_modules', '@types')],
  };
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: options, files: ['good.mts', 'good.cts'] }),
  );
  writeFileSync(join(project, 'tsconfig.bad.json'), JSON.stringify({ extends: './tsconfig.json', files: ['bad.mts'] }));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await run(process.execPath, [tsc, '-p', project]);
  await expect(run(process.execPath, [tsc, '-p', join(project, 'tsconfig.bad.json')])).rejects.toMatchObject({
    stdout: expect.stringContaining('bad.mts(2,'),
  });
});

test('it packs what it needs and no more', async () => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: join(home, 'client'),
  });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining([
      'LICENSE',
      'README.md',
      'package.json',
      'dist/cjs/index.js',
      'dist/esm/index.d.ts',
      'dist/esm/package.json',
    ]),
  );
  expect(
    paths.filter(
      (path) =>
        !/^(LICENSE|README\.md|package\.json|dist\/(cjs|esm)\/\w+\.(js|d\.ts)|dist\/esm\/package\.json)$/.test(path),
    ),
  ).toEqual([]);
});

test('every public name says what it is, and none is of type any', () => {
  const program = ts.createProgram([join(home, 'client', 'dist', 'esm', 'index.d.ts')], {
    module: ts.ModuleKind.NodeNext,
    types: ['node'],
    typeRoots: [join(root, 'node_modules', '@types')],
    strict: true,
  });
  const checker = program.getTypeChecker();
  const index = checker.getSymbolAtLocation(
    program.getSourceFiles().find(({ fileName }) => fileName.endsWith('client/dist/esm/index.d.ts'))!,
  )!;
  const names = checker
    .getExportsOfModule(index)
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol));
  const undocumented = names
    .filter((symbol) => symbol.getDocumentationComment(checker).length === 0)
    .map(({ name }) => name);
  expect(names.length).toBeGreaterThan(40);
  expect(undocumented).toEqual([]);
  const files = readdirSync(join(home, 'client', 'dist', 'esm')).filter((name) => name.endsWith('.d.ts'));
  const withAny = files.filter((name) =>
    /\bany\b/.test(readFileSync(join(home, 'client', 'dist', 'esm', name), 'utf8').replace(/\/\*\*[^]*?\*\//g, '')),
  );
  expect(withAny).toEqual([]);
});

test('it depends on nothing', () => {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, 'client', 'package.json'), 'utf8'));
  expect([dependencies, peerDependencies]).toEqual([undefined, undefined]);
  const sources = readdirSync(join(root, 'client')).filter((name) => name.endsWith('.ts'));
  const imported = sources.flatMap((name) =>
    [
      ...readFileSync(join(root, 'client', name), 'utf8').matchAll(
        /^(?:import|export) (type )?.*? from '([^.'][^']*)'/gm,
      ),
    ].map(([, type, from]) => `${type ?? ''}${from}`),
  );
  expect(imported).toEqual(['node:events', 'type node:http']);
});
