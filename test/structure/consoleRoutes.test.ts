/** Whatever the console does can be done with a key and curl: all that it asks is in the document of the API. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toPath } from '../../api/http/openapi';
import { routes } from '../../api/routes';

const root = join(process.cwd(), 'console', 'src');
const sources = readdirSync(root, { recursive: true })
  .map(String)
  .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('schema.d.ts'))
  .map((file) => ({ file, source: readFileSync(join(root, file), 'utf8') }));

const documented = new Set(routes.map(({ method, path }) => `${method.toUpperCase()} ${toPath(path)}`));
const withoutNames = (path: string): string => path.replaceAll(/\$?\{(?:[^{}]|\{[^{}]*\})*\}/g, '{}');

const calls = sources.flatMap(({ source }) =>
  [...source.matchAll(/\bapi\.([A-Z]+)\(\s*'([^']+)'/g)].map(([, method, path]) => `${method} ${path}`),
);

test('C1 every call of the console is a route of the document', () => {
  expect(calls.length).toBeGreaterThan(50);
  expect(calls.filter((call) => !documented.has(call))).toEqual([]);
});

/** Who is signed in is the cookie's own matter; a key needs none of it. */
const WITHOUT_KEY = ['DELETE /v1/session', 'GET /healthz', 'GET /v1/session/current', 'POST /v1/session'];

test('C1 what the console asks, a key of one of its roles may ask; only signing in goes without', () => {
  const asked = routes.filter(({ method, path }) => calls.includes(`${method.toUpperCase()} ${toPath(path)}`));
  const isOfConsole = (role: string): boolean => ['owner', 'resource_modifier', 'member', 'admin'].includes(role);
  const nameOf = ({ method, path }: (typeof routes)[number]) => `${method.toUpperCase()} ${toPath(path)}`;
  expect(
    asked
      .filter(({ who }) => who.includes('anybody'))
      .map(nameOf)
      .sort(),
  ).toEqual(WITHOUT_KEY);
  expect(asked.filter(({ who }) => !who.includes('anybody') && !who.some(isOfConsole)).map(nameOf)).toEqual([]);
});

test('C1 an address that the console writes out by itself is one of the document, too', () => {
  const paths = new Set([...documented].map((operation) => withoutNames(operation.split(' ')[1]!)));
  const written = sources.flatMap(({ source }) =>
    [...source.matchAll(/[`'"](\/v1\/[^`'"]*)[`'"]/g)].map(([, path]) => withoutNames(path!)),
  );
  expect(written).toContain('/v1/accounts/{}/stream');
  expect(written.filter((path) => !paths.has(path))).toEqual([]);
});

test('C1 nothing is asked past the client of the document but uploads and the stream', () => {
  const ways = /\bfetch\(|\bXMLHttpRequest\b|\bEventSource\(|\bWebSocket\b|\bsendBeacon\b/;
  const asking = sources.filter(({ source }) => ways.test(source)).map(({ file }) => file);
  expect(asking.sort()).toEqual(['api/upload.ts', 'live/holdStream.ts']);
});
