/** The OpenAPI document is read by the tools that callers use; an answer that it does not have fails its test. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SwaggerParser from '@apidevtools/swagger-parser';
import { z } from 'zod';
import { createComponents } from '../../api/http/components';
import { toOpenApi } from '../../api/http/openapi';
import { routes } from '../../api/routes';
import { checkAnswer, type Given } from '../support/answers';

const folder = mkdtempSync(join(tmpdir(), 'ballast-openapi-'));
const file = join(folder, 'openapi.json');
const text = JSON.stringify(toOpenApi(routes));
beforeAll(() => writeFileSync(file, text));
afterAll(() => rmSync(folder, { recursive: true }));

const modules = join(__dirname, '..', '..', 'node_modules');
function run(program: string, ...args: string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(modules, program), ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, REDOCLY_TELEMETRY: 'off' },
  });
  return { code: status, output: stdout + stderr };
}

test('redocly lint finds nothing wrong with the document', () => {
  // Health checks have no 4xx, and our tags say all in their names.
  const skipped = ['--skip-rule', 'operation-4xx-response', '--skip-rule', 'tag-description'];
  const { code, output } = run('@redocly/cli/bin/cli.js', 'lint', file, '--format=stylish', ...skipped);
  expect([code, output]).toEqual([0, expect.not.stringMatching(/\d+ (warning|error)|You have/)]);
});

test('swagger-parser resolves every reference of the document', async () => {
  await expect(SwaggerParser.validate(file)).resolves.toMatchObject({ openapi: '3.1.0' });
});

test('openapi-typescript makes types of the document, and TypeScript takes them', () => {
  expect(run('openapi-typescript/bin/cli.js', file, '-o', join(folder, 'api.d.ts'))).toMatchObject({ code: 0 });
  writeFileSync(
    join(folder, 'use.ts'),
    `import type { components, paths } from './api.js';
export const allowed = (gate: components['schemas']['Gate']): boolean => gate.allowed;
type Declined = paths['/v1/accounts/{id}/prepayments']['post']['responses'][402]['content']['application/problem+json'];
export const reason = (problem: Declined): string | null | undefined => problem.declineCode;\n`,
  );
  const strict = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--module', 'nodenext', '--lib', 'es2023'];
  expect(run('typescript/bin/tsc', ...strict, join(folder, 'use.ts'))).toEqual({ code: 0, output: '' });
});

test('nothing in the document is of one tool only: no $defs, no classes of Unicode in patterns, no default answer', () => {
  expect(text).not.toContain('$defs');
  expect(text).not.toContain('\\p{');
  expect(text).not.toContain('"default":{"description"');
});

test('two different shapes can not have one id in the document', () => {
  const components = createComponents();
  components.toSchema(z.strictObject({ a: z.string() }).meta({ id: 'Twin1' }), 'output');
  const other = z.strictObject({ inner: z.strictObject({ b: z.string().default('x') }).meta({ id: 'Twin2' }) });
  components.toSchema(other, 'output');
  expect(() => components.toSchema(other, 'input')).toThrow('Twin2');
});

const gate = {
  accountId: 'a',
  allowed: true,
  state: 'ok',
  reasons: [],
  version: 1,
  asOf: '2026-01-01T00:00:00.000Z',
};
const answer = (
  given: Partial<Omit<Given, 'headers'>> & { body?: unknown; headers?: Record<string, string> },
): Given => ({
  method: 'GET',
  path: '/v1/accounts/a/gate?x=1',
  status: 200,
  content: given.body === undefined ? '' : JSON.stringify(given.body),
  ...given,
  headers: new Headers({ 'Content-Type': 'application/json; charset=utf-8', ...given.headers }),
});

test('an answer outside the document fails the test that got it: by status, type, body or method', () => {
  expect(() => checkAnswer(answer({ body: gate }))).not.toThrow();
  expect(() => checkAnswer(answer({ body: gate, status: 418 }))).toThrow('the status');
  expect(() => checkAnswer(answer({ body: gate, headers: { 'Content-Type': 'text/csv' } }))).toThrow('content type');
  expect(() => checkAnswer(answer({ body: { ...gate, more: 1 } }))).toThrow('the body');
  expect(() => checkAnswer(answer({ body: { ...gate, version: '1' } }))).toThrow('the body');
  const refused = { type: 't', title: 't', status: 405, detail: 'd', code: 'method_not_allowed' };
  const refusal = answer({ method: 'PUT', status: 405, body: refused, headers: { Allow: 'GET' } });
  expect(() => checkAnswer(refusal)).not.toThrow();
  expect(() => checkAnswer({ ...refusal, headers: new Headers() })).toThrow('this method');
  expect(() =>
    checkAnswer(answer({ status: 404, body: refused, headers: { 'Content-Type': 'application/problem+json' } })),
  ).not.toThrow();
  expect(() =>
    checkAnswer(
      answer({ status: 404, body: { ...refused, stray: 1 }, headers: { 'Content-Type': 'application/problem+json' } }),
    ),
  ).toThrow('the body');
});
