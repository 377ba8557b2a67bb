/** What the fuzzer of `npm run contract` leaves out, as it would read for ever: streams, tried with what nobody should send. */
import fc from 'fast-check';
import { openAccount, startTestApi, type TestAccount, type TestApi } from '../support/api';

const RUNS = 150;
let api: TestApi;
let account: TestAccount;
let keys: Record<string, string | undefined>;
beforeAll(async () => {
  api = await startTestApi();
  account = await openAccount(api, '5.00');
  const { owner, member, modifier } = account;
  keys = { nobody: undefined, wrong: 'bk_wrong', admin: api.admin, service: api.service, owner, member, modifier };
});
afterAll(() => api.close());

type Tried = { role: string; method: string; id: string; query: string; lastEventId: string | null };

/** What is in a header: node's client itself refuses anything else. */
const headerText = fc.string({ unit: fc.constantFrom(...'0123456789.:-_ aZ~"\\%{'), maxLength: 40 });
const tried = (id: fc.Arbitrary<string>): fc.Arbitrary<Tried> =>
  fc.record({
    role: fc.constantFrom('nobody', 'wrong', 'admin', 'service', 'owner', 'member', 'modifier'),
    method: fc.oneof(
      { weight: 4, arbitrary: fc.constant('GET') },
      fc.constantFrom('HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'),
    ),
    id,
    query: fc.oneof(fc.constant(''), fc.webQueryParameters()),
    lastEventId: fc.option(fc.oneof(headerText, fc.bigInt({ min: 0n, max: 2n ** 70n }).map(String))),
  });
/** The answer fits the document, or `ask` throws; a stream is read up to its headers. */
async function statusOf({ role, method, query, lastEventId }: Tried, path: string): Promise<number> {
  const headers: Record<string, string> = lastEventId === null ? {} : { 'Last-Event-ID': lastEventId };
  const asked = { headers, ...(keys[role] !== undefined && { key: keys[role] }) };
  return (await api.ask(method, query === '' ? path : `${path}?${query}`, asked)).status;
}

test('every answer of /v1/gates/stream is one of the document, and only services are let in', async () => {
  await fc.assert(
    fc.asyncProperty(tried(fc.constant('')), async (one) => {
      const status = await statusOf(one, '/v1/gates/stream');
      expect(status).toBeLessThan(500);
      if (status === 200) expect(one.role).toBe('service');
      else if (one.role === 'service' && one.method === 'GET' && one.query === '') expect(status).toBe(200);
    }),
    { numRuns: RUNS },
  );
});

test('every answer of /v1/accounts/:id/stream is one of the document, and only its members and admins are let in', async () => {
  // `fetch` makes another address of a dot.
  const strange = fc.string({ unit: 'binary', minLength: 1, maxLength: 70 }).filter((text) => !/^\.\.?$/.test(text));
  const id = fc.oneof(fc.constantFrom('own', 'foreign'), strange);
  const foreign = await openAccount(api);
  await fc.assert(
    fc.asyncProperty(tried(id), async (one) => {
      const ids: Record<string, string> = { own: account.id, foreign: foreign.id };
      const status = await statusOf(one, `/v1/accounts/${encodeURIComponent(ids[one.id] ?? one.id)}/stream`);
      expect(status).toBeLessThan(500);
      if (status === 200) {
        expect(['admin', 'owner', 'member', 'modifier']).toContain(one.role);
        expect(one.id === 'own' || (one.role === 'admin' && one.id === 'foreign')).toBe(true);
      }
    }),
    { numRuns: RUNS },
  );
});
