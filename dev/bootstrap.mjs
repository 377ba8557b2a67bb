// The first step of every npm script: installs and compiles what is not up to date, then runs what was asked for. Plain Node, no dependencies.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stampFile = join(root, 'node_modules', '.ballast-lock-sha256');
const bin = (...path) => join(root, 'node_modules', ...path);
const tsc = bin('typescript', 'bin', 'tsc');

const commands = {
  async start() {
    await compile();
    await load('dist/dev/start.js');
  },
  async test(args) {
    // Tests run what was compiled: an older text of a file would pass for the present one.
    if ((await compile()) !== 0) throw new Error('It does not compile; the lines above say why.');
    process.exitCode = await node(bin('jest', 'bin', 'jest.js'), args);
  },
  async build() {
    process.exitCode = await compile();
  },
  async format() {
    process.exitCode = await node(bin('prettier', 'bin', 'prettier.cjs'), '--write', '--log-level', 'warn', '.');
  },
  async check() {
    const failed = [];
    for (const [name, ...command] of checks) {
      if ((await step(name, () => node(...command))) !== 0) failed.push(name);
    }
    console.log(failed.length === 0 ? 'All checks passed.' : `Failed: ${failed.join(', ')}.`);
    process.exitCode = failed.length === 0 ? 0 : 1;
  },
  /** run <path below dist> [arguments] */
  async run([program, ...args]) {
    await compile();
    const path = join(root, 'dist', program);
    process.argv = [process.execPath, path, ...args];
    await load(join('dist', program));
  },
};

const checks = [
  ['types', tsc, '-p', root, '--noEmit', '--incremental', 'false'],
  ["the console's types", tsc, '-p', join(root, 'console')],
  ['format', bin('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level', 'warn', '.'],
  ['lint', bin('eslint', 'bin', 'eslint.js')],
  ['import rules', bin('dependency-cruiser', 'bin', 'dependency-cruise.mjs'), ...sourceFolders(), 'console/src'],
];

/** What the compiler includes and is there. */
function sourceFolders() {
  const { include } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  return include.filter((folder) => existsSync(join(root, folder)));
}

async function main([name, ...args]) {
  if (!Object.hasOwn(commands, name ?? '')) throw new Error(`Say what to run: ${Object.keys(commands).join(', ')}.`);
  requireNode();
  await install();
  await commands[name](args);
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Error(`Node 20.19 or newer is needed; this is ${process.versions.node}.`);
}

/** Installs when node_modules does not fit package-lock.json. */
async function install() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const stamp = createHash('sha256').update(lock).update(process.version).digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  if (!fitsLock(JSON.parse(lock))) {
    const code = await step('installing packages (npm ci)', () => execute('npm', ['ci']));
    if (code !== 0) throw new Error('npm ci failed; its lines above say why.');
  }
  writeFileSync(stampFile, stamp);
}

/** True when npm's own note of what it installed says the same as the lock, as after a plain `npm install`. */
function fitsLock(lock) {
  const note = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(note)) return false;
  const installed = JSON.parse(readFileSync(note, 'utf8')).packages;
  const wanted = Object.entries(lock.packages).filter(([path]) => path !== '');
  return (
    wanted.every(([path, { version, optional }]) =>
      installed[path] ? installed[path].version === version : optional,
    ) && Object.keys(installed).every((path) => path in lock.packages)
  );
}

/** TypeScript, then the workflows' bundle, then the console. Type errors are shown; what could be written still starts. `npm test`, `npm run build` and `npm run check` fail on them. */
async function compile() {
  const code = await step('compiling', async () => {
    const compiled = await node(tsc, '-p', root);
    return (await node(join(root, 'dist', 'workers', 'bundle.js'))) || compiled;
  });
  return (await buildConsole()) || code;
}

/** The console's static files, anew only when its sources or its packages have changed. Its types are for `npm run check`. */
async function buildConsole() {
  const source = join(root, 'console');
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !path.includes('node_modules'))
      hash.update(path.slice(root.length)).update(readFileSync(path));
  }
  const wanted = hash.digest('hex');
  const built = join(root, 'dist', '.console-sha256');
  if (existsSync(built) && readFileSync(built, 'utf8') === wanted) return 0;
  const code = await step('building the console', () =>
    node(bin('vite', 'bin', 'vite.js'), 'build', source, '--logLevel', 'warn'),
  );
  if (code === 0) writeFileSync(built, wanted);
  return code;
}

async function step(name, work) {
  const started = performance.now();
  process.stdout.write(`${name} …\n`);
  const code = await work();
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  process.stdout.write(`${name}: ${code === 0 ? 'done' : `exit code ${code}`} (${seconds} s)\n`);
  return code;
}

const node = (program, ...args) => execute(process.execPath, [program, ...args.flat()]);

/** Waits for a child; signals to us go on to it, so that Ctrl-C and SIGTERM end both. */
function execute(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
    const forward = (signal) => child.kill(signal);
    const ignore = () => undefined; // the terminal sends Ctrl-C to the child as well
    process.on('SIGTERM', forward).on('SIGINT', ignore);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGTERM', forward).off('SIGINT', ignore);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

const load = (path) => import(pathToFileURL(join(root, path)).href);

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
