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
const ENDS = ['migrate'];

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

test('only what migrates knows the role that owns the tables', () => {
  const owners = [...services].filter(([, lines]) => /POSTGRES_PASSWORD/.test(lines)).map(([name]) => name);
  expect(owners).toEqual(['postgres', 'migrate']);
  expect(services.get('temporal')).toMatch(/POSTGRES_USER: temporal\n/);
});

test('the image is built from every folder that is compiled', () => {
  const { include } = JSON.parse(read('tsconfig.json')) as { include: string[] };
  const taken = read('.dockerignore').split('\n');
  expect(taken[0]).toBe('**');
  expect(include.filter((folder) => !taken.includes(`!${folder.split('/')[0]}`))).toEqual([]);
});
