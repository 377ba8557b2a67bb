import { Client, Connection } from '@temporalio/client';
import { methodsOf } from '../../api/http/openapi';
import { routes } from '../../api/routes';
import { signIn } from '../support/session';
import { openAccount, startTestApi, type TestAccount, type TestApi } from '../support/api';

let api: TestApi;
let own: TestAccount;
let foreign: TestAccount;
/** Nobody is there: what needs Temporal answers 503, all else works. */
const connection = Connection.lazy({ address: '127.0.0.1:9' });
const temporal = new Client({ connection });
/** Nobody comes, however long a route would wait: each of dozens is asked at once. */
const withDeadline = temporal.withDeadline.bind(temporal);
temporal.withDeadline = (_deadline, work) => withDeadline(Date.now() + 50, work);
beforeAll(async () => {
  api = await startTestApi({ temporal });
  own = await openAccount(api, '10.00');
  foreign = await openAccount(api, '10.00');
  for (const role of signedIn) cookies.set(role, await signIn(api, { key: keyOf(role)! }));
});
afterAll(async () => {
  await api.close();
  await connection.close();
});

const NOTHING = '00000000-0000-4000-8000-000000000000';
const addressOf = (path: string, id: string) =>
  path.replace(':id', id).replace(':sequence', '999').replace(':methodId', 'pm_none').replace(/:\w+/g, NOTHING);

/** A body that is never right: whoever may ask gets 400, and nothing is done. Without a body, something that is not there. */
const refusedBody = { 'no such field': true };

const keyOf = (role: string): string | undefined =>
  ({ admin: api.admin, service: api.service, owner: own.owner, resource_modifier: own.modifier, member: own.member })[
    role
  ];

/** In the format of its route. */
const codeOf = (body: any): string => body?.code ?? body?.error?.code;
type Route = (typeof routes)[number];

const guarded = routes.filter(({ who }) => !who.includes('anybody'));
const roles = ['nobody', 'unknown', 'admin', 'service', 'owner', 'resource_modifier', 'member'];
const signedIn = roles.slice(2);
const cookies = new Map<string, string>();

/** Who asks, how, and of whose account: each by key, and those that have one by the cookie of a session, too. */
const table = [
  ...roles.map((role) => ({ role, by: 'key' })),
  ...signedIn.map((role) => ({ role, by: 'session' })),
].flatMap((who) => (['own', 'foreign'] as const).map((whose) => ({ ...who, whose })));
type Asking = (typeof table)[number];

const byRoute = guarded.map((route) => ({ route, name: `${route.method} ${route.path}` }));

test.each(byRoute)(
  '$name: who may, by key and by session, of the own account and of a foreign one',
  async ({ route }) => {
    const answers = await Promise.all(
      table.map(async (asking) => [nameOf(asking), await outcome(route, asking)] as const),
    );
    expect(Object.fromEntries(answers)).toEqual(
      Object.fromEntries(table.map((asking) => [nameOf(asking), expected(route, asking)])),
    );
  },
);

const nameOf = ({ role, by, whose }: Asking): string => `${role} of ${whose} account, by ${by}`;

function expected({ path, who }: Route, { role, whose }: Asking): string {
  const isMember = ['owner', 'resource_modifier', 'member'].includes(role);
  if (role === 'nobody' || role === 'unknown') return '401 unauthenticated';
  if (isMember && path.startsWith('/v1/accounts/:id') && whose === 'foreign') return '404 not_found';
  return who.includes(role as never) ? 'taken' : '403 forbidden';
}

/** Asks nothing that would go through: no body fits, and pausing and the like need a Temporal that answers. */
async function outcome(route: Route, { role, by, whose }: Asking): Promise<string> {
  const { id } = whose === 'own' ? own : foreign;
  const key = role === 'unknown' ? 'bk_of_nobody' : keyOf(role);
  const { status, body } = await api.ask(route.method.toUpperCase(), addressOf(route.path, id), {
    headers: {
      'X-Account-Id': id,
      ...(by === 'session' && { Cookie: cookies.get(role)!, 'Sec-Fetch-Site': 'same-origin' }),
    },
    ...(by === 'key' && key !== undefined && { key }),
    ...(route.endpoint.body && { body: refusedBody }),
  });
  if (expected(route, { role, by, whose }) !== 'taken') return `${status} ${codeOf(body)}`;
  const taken = route.endpoint.body ? [route.endpoint.body.streamed ? 415 : 400] : [200, 204, 400, 404, 409, 415, 503];
  const isRight = taken.includes(status) && (status !== 503 || /^(temporal|payments)_unavailable$/.test(codeOf(body)));
  return isRight ? 'taken' : `${status} ${JSON.stringify(body)}`;
}

test('the order of checks: 401, foreign 404, 403, 415, 413, 400', async () => {
  const path = `/v1/accounts/${foreign.id}/adjustments`;
  const bad = { raw: 'x', headers: { 'Content-Type': 'text/plain' } };
  expect((await api.ask('POST', path, bad)).status).toBe(401);
  expect((await api.ask('POST', path, { ...bad, key: own.owner })).status).toBe(404);
  expect((await api.ask('POST', path, { ...bad, key: foreign.owner })).status).toBe(403);
  expect((await api.ask('POST', path, { ...bad, key: api.admin })).status).toBe(415);
  expect((await api.ask('POST', path, { raw: ' '.repeat(200_000), key: api.admin })).status).toBe(413);
  expect((await api.ask('POST', path, { raw: '{', key: api.admin })).status).toBe(400);
  expect((await api.ask('POST', '/v1/accounts/no%20such%00/adjustments', { raw: '{}', key: api.admin })).status).toBe(
    400,
  );
});

test('an address that is not there is 404, a wrong method 405, a broken escape 400', async () => {
  expect((await api.ask('GET', '/v1/nothing', { key: api.admin })).body).toMatchObject({ code: 'not_found' });
  const wrong = await api.ask('PATCH', '/v1/usage', { key: api.admin });
  expect(wrong).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
  expect(wrong.headers.get('allow')).toBe('POST');
  const literal = await api.ask('GET', `/v1/accounts/${own.id}/prepayments/checkout`, { key: own.owner });
  expect(literal).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
  expect((await api.ask('GET', '/v1/accounts/%zz/gate', { key: api.admin })).body).toMatchObject({ status: 400 });
});

test("every answer carries a request id: the caller's, or one of ours", async () => {
  const { headers } = await api.ask('GET', '/healthz', { headers: { 'X-Request-Id': 'mine-1' } });
  expect(headers.get('x-request-id')).toBe('mine-1');
  expect((await api.ask('GET', '/v1/usage')).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
});

test('/openapi.json has every route with its schemas, /docs is served from here', async () => {
  const { body } = await api.ask('GET', '/openapi.json');
  expect(body.openapi).toBe('3.1.0');
  const documented = Object.entries<object>(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect(documented.sort()).toEqual(
    routes
      .flatMap((route) => methodsOf(route).map((method) => `${method} ${route.path.replace(/:(\w+)/g, '{$1}')}`))
      .sort(),
  );
  expect(body.paths['/v1/usage'].post.requestBody.content['application/json'].schema.properties.events.maxItems).toBe(
    5_000,
  );
  const ids = Object.values<Record<string, { operationId: string }>>(body.paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
  expect((await api.ask('GET', '/docs/')).body).toContain('swagger-ui-bundle.js');
  expect((await api.ask('GET', '/docs/swagger-ui-bundle.js')).status).toBe(200);
  expect((await api.ask('GET', '/')).body).toContain('/openapi.json');
});

/**
 * Whom no key guards: what each answers to somebody who brings nothing. A new one is put in here, by somebody who has
 * thought of what it gives away.
 */
const open: Readonly<Record<string, number>> = {
  'get /v1/session/current': 200,
  'post /v1/session': 400,
  'delete /v1/session': 204,
  'post /v1/session/tokens': 400,
  'get /sign-in/:token': 404,
  'post /sign-in/:token': 404,
  'post /v1/webhooks/stripe': 400,
  'get /confirm/:token': 404,
  'post /confirm/:token': 404,
  'get /invitations/:token': 404,
  'post /invitations/:token': 404,
  'get /healthz': 200,
  // Temporal is away in this test.
  'get /readyz': 503,
};
test('9.26 who brings no key may ask these routes and no others, and learns nothing of an account', async () => {
  const unguarded = routes.filter(({ who }) => who.includes('anybody'));
  expect(unguarded.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(Object.keys(open).sort());
  for (const { method, path, who, endpoint } of unguarded) {
    // Others are in no table above, and would be let in by the first word.
    expect(who).toEqual(['anybody']);
    const { status, body } = await api.ask(method.toUpperCase(), addressOf(path, own.id), {
      ...(endpoint.body && { body: refusedBody }),
      headers: { 'Sec-Fetch-Site': 'same-origin' },
    });
    expect([`${method} ${path}`, status]).toEqual([`${method} ${path}`, open[`${method} ${path}`]]);
    expect(JSON.stringify(body)).not.toContain(own.id);
  }
});

const NOBODY = 'account-of-nobody';
test.each(
  routes
    .filter(
      ({ method, path, who }) =>
        method === 'get' &&
        path.startsWith('/v1/accounts/:id') &&
        who.some((role) => role === 'admin' || role === 'service'),
    )
    .map((route) => ({ route, name: route.path })),
)('GET $name of an account that does not exist is 404, for the platform too', async ({ route }) => {
  const key = route.who.includes('admin') ? api.admin : api.service;
  const { status, body } = await api.ask('GET', addressOf(route.path, NOBODY), { key });
  // Of workflows Temporal knows, and in this test it is away.
  expect([status, body.code]).toEqual(
    route.path.endsWith('/workflow') ? [503, 'temporal_unavailable'] : [404, 'not_found'],
  );
});

test('lists of what the account has not are 404: deliveries of an endpoint, events of a transaction', async () => {
  for (const path of [`webhook-endpoints/${NOTHING}/deliveries`, 'transactions/999/events'])
    expect((await api.ask('GET', `/v1/accounts/${own.id}/${path}`, { key: own.owner })).status).toBe(404);
});

test('pages stand in no frame, run no script of their own text, and /docs keeps no key in the browser', async () => {
  const htmlRoutes = routes.filter(({ endpoint }) =>
    Object.values(endpoint.texts ?? {})
      .flat()
      .includes('text/html'),
  );
  expect(htmlRoutes.length).toBeGreaterThan(3);
  const pages = [
    ...['/', '/docs/'].map((path) => ['GET', path] as const),
    ...htmlRoutes.map(({ method, path }) => [method.toUpperCase(), addressOf(path, own.id)] as const),
  ];
  for (const [method, path] of pages) {
    const { headers, body } = await api.ask(method, path, { headers: { 'Sec-Fetch-Site': 'same-origin' } });
    expect(headers.get('content-type')).toContain('text/html');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('content-security-policy')).not.toMatch(/script-src[^;]*unsafe/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(body).not.toMatch(/<script(?![^>]* src=)/);
  }
  const start = (await api.ask('GET', '/docs/start.js')).body;
  expect(start).not.toContain('persistAuthorization');
  expect(start).toContain("localStorage.removeItem('authorized')");
  expect((await api.ask('GET', '/docs/swagger-ui.css')).headers.get('x-content-type-options')).toBe('nosniff');
});
