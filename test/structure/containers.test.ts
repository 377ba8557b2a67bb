/** Issue 9.25: what docker-compose.yml and Dockerfile let containers do. Nothing here runs Docker: the files are read. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Each service with its lines, those that it has from `x-ballast` and `x-hardened` included. */
function servicesOf(compose: string): Map<string, string> {
  const block = (name: string): string => new RegExp(`^${name}: .*\\n((?:  .*\\n|\\n)+)`, 'm').exec(compose)![1]!;
  const shared = { hardened: block('x-hardened'), ballast: block('x-ballast') };
  const services = /^services:\n((?: {2}.*\n|\n)+)/m.exec(compose)![1]!;
  const whole = (lines: string): string =>
    lines.replace(/^ *<<: \*(hardened|ballast)$/gm, (_, name: 'hardened' | 'ballast') => whole(shared[name]));
  const parts = services.split(/^ {2}([\w-]+):\n/m).slice(1);
  return new Map(parts.flatMap((name, at) => (at % 2 === 0 ? [[name, whole(parts[at + 1]!)]] : [])));
}

const services = servicesOf(read('docker-compose.yml'));
/** They write their configuration into their own root when they start (docs/operations.md, Containers). */
const WRITE_THEIR_ROOT = ['temporal', 'temporal-ui'];
/** It ends. */
const ENDS = ['migrate', 'operator'];

test.each([...services.keys()])(
  'the container %s has no capabilities, no new privileges and a read-only root',
  (name) => {
    const lines = services.get(name)!;
    expect(lines).toContain('cap_drop: [ALL]');
    expect(lines).toContain("security_opt: ['no-new-privileges:true']");
    expect(lines.includes('read_only: true')).toBe(!WRITE_THEIR_ROOT.includes(name));
    expect(/^ *healthcheck:/m.test(lines)).toBe(!ENDS.includes(name));
    expect(lines).not.toMatch(/privileged: true|\/var\/run\/docker\.sock|network_mode: host/);
    // Published on this machine only: TLS belongs in front.
    for (const [, port] of lines.matchAll(/^ *- '([\d.:]+:\d+)'$/gm)) expect(port).toMatch(/^127\.0\.0\.1:/);
  },
);

test('every image is named by its version and its digest', () => {
  const dockerfile = read('Dockerfile');
  const images = [
    ...[...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!),
    ...[...services.values()].flatMap((lines) => [...lines.matchAll(/^ *image: (\S+)/gm)].map(([, image]) => image!)),
  ].filter((image) => image !== 'ballast');
  expect(images.length).toBeGreaterThan(6);
  for (const image of images) expect(image).toMatch(/:v?\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}$/);
  expect(dockerfile).toMatch(/^USER node$/m);
});

test('only what migrates, and what an operator runs, knows the role that owns the tables', () => {
  const owners = [...services].filter(([, lines]) => /POSTGRES_PASSWORD/.test(lines)).map(([name]) => name);
  expect(owners).toEqual(['postgres', 'migrate', 'operator']);
  expect(services.get('temporal')).toMatch(/POSTGRES_USER: temporal\n/);
});

/** `npm start` chooses it; here its folders are volumes, each named by a variable of its own. */
const NOT_IN_CONTAINERS = ['DATA_DIR'];

test('each setting of docs/operations.md is passed on to the containers', () => {
  const table = /^\| variable \|[^]*?\n\n/m.exec(read('docs/operations.md'))![0];
  const cells = table.split('\n').map((row) => row.split('|'));
  const [names, explained] = [1, 3].map((cell) => cells.map((row) => row[cell] ?? '').join());
  const variables = [
    ...[...names!.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name!),
    ...[...explained!.matchAll(/`(OTEL_[A-Z_]+)`/g)].map(([, name]) => name!),
  ];
  expect(variables.length).toBeGreaterThan(45);
  const passed = new Set([...read('docker-compose.yml').matchAll(/^ +([A-Z_]+): /gm)].map(([, name]) => name!));
  expect(variables.filter((name) => !passed.has(name) && !NOT_IN_CONTAINERS.includes(name))).toEqual([]);
});

test('S5 no healthcheck asks for Stripe and Temporal: without them gates and usage go on', () => {
  for (const name of ['api', 'batches']) expect(services.get(name)).not.toMatch(/127\.0\.0\.1:3000\/readyz/);
  expect(services.get('api')).toMatch(/127\.0\.0\.1:3000\/healthz/);
});

test('O4 an operator has the database as its owner, and every folder that a backup copies', () => {
  const operator = services.get('operator')!;
  expect(operator).toMatch(/MIGRATE_DATABASE_URL: postgres:\/\/ballast:/);
  for (const folder of ['/archive', '/files', '/backups']) {
    expect(operator).toMatch(new RegExp(`- \\S+:${folder}$`, 'm'));
    expect(read('Dockerfile')).toMatch(new RegExp(`^RUN install -d -o node -g node .*${folder}`, 'm'));
  }
});

test('the image is built from every folder that is compiled', () => {
  const { include } = JSON.parse(read('tsconfig.json')) as { include: string[] };
  const taken = read('.dockerignore').split('\n');
  expect(taken[0]).toBe('**');
  expect(include.filter((folder) => !taken.includes(`!${folder.split('/')[0]}`))).toEqual([]);
});
