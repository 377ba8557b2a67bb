import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { laneOf } from '../../api/usage/commitLanes';
import { createGroupCommit } from '../../api/usage/groupCommit';
import { lockBalance } from '../../ledger/accounts/lockBalance';
import { openPool, transaction } from '../../ledger/db';
import { findViolations } from '../../ledger/transactions/findViolations';
import { openAccount, putModel, report, startTestApi, type TestApi } from '../support/api';
import { until } from '../support/notices';

/** A commit that waits to be let through, and notes what it was given. */
function gatedCommit() {
  const batches: number[][] = [];
  const waiting: { pass: () => void; fail: (error: Error) => void }[] = [];
  const commit = (items: readonly number[]) =>
    new Promise<string>((resolve, reject) => {
      batches.push([...items]);
      waiting.push({ pass: () => resolve(`batch ${batches.length}`), fail: reject });
    });
  return { batches, waiting, commit };
}

const options = {
  isItemsFault: (error: unknown) => (error as Error).message === 'bad item',
  itemsMax: 4,
  waitingMax: 6,
};

test('a lone request is committed at once; what comes meanwhile goes together, up to the cap', async () => {
  const { batches, waiting, commit } = gatedCommit();
  const group = createGroupCommit({ ...options, commit });
  const first = group.submit([1]);
  const rest = [group.submit([2]), group.submit([3, 4]), group.submit([5, 6])];
  expect(batches).toEqual([[1]]);
  waiting[0]!.pass();
  expect(await first).toEqual({ result: 'batch 1', first: 0 });
  await sleep(0);
  expect(batches[1]).toEqual([2, 3, 4]);
  waiting[1]!.pass();
  expect((await Promise.all(rest.slice(0, 2))).map(({ first: place }) => place)).toEqual([0, 1]);
  await sleep(0);
  expect(batches[2]).toEqual([5, 6]);
  waiting[2]!.pass();
  await group.idle();
});

test('a request larger than the cap is committed by itself', async () => {
  const group = createGroupCommit({ ...options, commit: async (items: readonly number[]) => items.length });
  expect(await group.submit([1, 2, 3, 4, 5, 6, 7])).toEqual({ result: 7, first: 0 });
});

test('what waits is bounded, and a request larger than the bound goes alone', async () => {
  const { waiting, commit, batches } = gatedCommit();
  const group = createGroupCommit({ ...options, commit });
  expect(group.hasRoom(100)).toBe(true);
  const taken = [group.submit([0]), group.submit([1, 2, 3, 4])];
  expect([group.hasRoom(2), group.hasRoom(3)]).toEqual([true, false]);
  for (const index of [0, 1]) {
    waiting[index]!.pass();
    await sleep(0);
  }
  await Promise.all(taken);
  expect(group.hasRoom(100)).toBe(true);
  expect(batches.flat()).toEqual([0, 1, 2, 3, 4]);
});

test('a failed commit fails its requests; the next goes on', async () => {
  const { waiting, commit } = gatedCommit();
  const group = createGroupCommit({ ...options, commit });
  const failing = group.submit([1]);
  const next = group.submit([2]);
  waiting[0]!.fail(new Error('connection lost'));
  await expect(failing).rejects.toThrow('connection lost');
  await sleep(0);
  waiting[1]!.pass();
  expect(await next).toMatchObject({ first: 0 });
});

test('a bad item fails only the request that brought it', async () => {
  const group = createGroupCommit({
    ...options,
    commit: async (items: readonly number[]) => {
      await sleep(1);
      if (items.includes(13)) throw new Error('bad item');
      return items.length;
    },
  });
  const results = await Promise.allSettled([
    group.submit([1]),
    group.submit([2]),
    group.submit([13]),
    group.submit([3]),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
});

describe('through two processes', () => {
  let api: TestApi;
  let other: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
    other = await startTestApi({ database: api.database });
    await putModel(api);
  });
  afterAll(async () => {
    await other.close();
    await api.close();
  });

  const sent = fc.record({ account: fc.nat(3), id: fc.nat(12), tokens: fc.integer({ min: 1, max: 2 }) });
  const requests = fc.array(
    fc.record({ process: fc.nat(1), events: fc.array(sent, { minLength: 1, maxLength: 12 }) }),
    { minLength: 1, maxLength: 16 },
  );

  test('B3 whatever is reported at the same time, each event is deducted once and every answer adds up', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(requests, async (asked) => {
        const accounts = await Promise.all([0, 1, 2].map((n) => openAccount(api, '1000.00', `run${run}-${n}`)));
        run += 1;
        // The fourth account does not exist.
        const accountIdOf = (account: number) => accounts[account]?.id ?? `run${run}-nobody`;
        const answers = await Promise.all(
          asked.map(({ process, events }) =>
            report(
              process === 0 ? api : other,
              events.map(({ account, id, tokens }) => ({
                id: `e${id}`,
                accountId: accountIdOf(account),
                model: 'model',
                inputTokens: tokens * 1_000_000,
              })),
            ),
          ),
        );

        const all = asked.flatMap(({ events }) => events);
        for (const [index, { status, body }] of answers.entries()) {
          expect(status).toBe(200);
          expect(body.accepted + body.duplicates + body.rejected.length).toBe(asked[index]!.events.length);
        }
        const total = (count: (body: any) => number) => answers.reduce((sum, { body }) => sum + count(body), 0);
        const codes = (code: string) =>
          total((body) => body.rejected.filter((one: { code: string }) => one.code === code).length);
        expect(codes('unknown_account')).toBe(all.filter(({ account }) => account === 3).length);

        let accepted = 0;
        let conflicts = 0;
        for (const [n, { id: accountId }] of accounts.entries()) {
          const { rows } = await api.database.pool.query<{ event_id: string; input_tokens: bigint }>(
            'select event_id, input_tokens from usage_events where account_id = $1',
            [accountId],
          );
          const existing = new Map(rows.map((row) => [row.event_id, Number(row.input_tokens) / 1_000_000]));
          const mine = all.filter(({ account }) => account === n);
          expect([...existing.keys()].sort()).toEqual([...new Set(mine.map(({ id }) => `e${id}`))].sort());
          accepted += existing.size;
          conflicts += mine.filter(({ id, tokens }) => existing.get(`e${id}`) !== tokens).length;
          const spent = [...existing.values()].reduce((sum, tokens) => sum + tokens, 0);
          const { body } = await api.ask('GET', `/v1/accounts/${accountId}`, { key: api.admin });
          expect(body.balance).toBe(`${1000 - spent}.00`);
        }
        expect(total((body) => body.accepted)).toBe(accepted);
        expect(codes('event_conflict')).toBe(conflicts);
        expect(codes('unknown_account') + codes('event_conflict')).toBe(total((body) => body.rejected.length));
      }),
      { numRuns: 25 },
    );
  });

  /** An account with $10.00 whose usage goes by that lane. */
  async function openInLane(lane: number): ReturnType<typeof openAccount> {
    for (;;) {
      const account = await openAccount(api, '10.00');
      if (laneOf(account.id) === lane) return account;
    }
  }

  /** Ends the connection of the commit that waits for a lock, once there is one. */
  const breakWaiting = (): Promise<unknown> =>
    until(
      () =>
        api.database.pool.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database() and query like '%post_usage%'",
        ),
      ({ rowCount }) => rowCount! > 0,
    );

  /** A hold of the account, locked by another session: a commit of its usage waits for that longer than for the account. */
  async function lockedHold(accountId: string): Promise<{ holdId: string; free(): Promise<void> }> {
    const placed = await api.ask('POST', `/v1/accounts/${accountId}/holds`, {
      key: api.service,
      headers: { 'Idempotency-Key': 'locked' },
      body: { amount: '1.00' },
    });
    const holdId: string = placed.body.id;
    const blocker = await api.database.pool.connect();
    await blocker.query('begin');
    await blocker.query('select 1 from holds where id = $1 for update', [holdId]);
    return {
      holdId,
      async free() {
        await blocker.query('rollback');
        blocker.release();
      },
    };
  }

  test('a commit that loses its connection is 503, and the same request again is taken once', async () => {
    const { id } = await openAccount(api, '10.00');
    const { holdId, free } = await lockedHold(id);
    const event = { id: 'a', accountId: id, model: 'model', inputTokens: 1_000_000, holdId };
    const lost = report(api, [event]);
    await breakWaiting();
    const answer = await lost;
    expect(answer).toMatchObject({ status: 503, body: { code: 'database_unavailable' } });
    expect(answer.headers.get('retry-after')).toBe('1');
    await free();
    expect((await report(api, [event])).body).toMatchObject({ accepted: 1, duplicates: 0 });
    expect((await report(api, [event])).body).toMatchObject({ accepted: 0, duplicates: 1 });
  });

  test('B3 a commit that is lost fails its request, though the other lane has committed; the repeat takes what is missing, once', async () => {
    const [lost, stands] = [await openInLane(0), await openInLane(1)];
    const { holdId, free } = await lockedHold(lost.id);
    const event = (accountId: string) => ({ id: 'a', accountId, model: 'model', inputTokens: 1_000_000 });
    const events = [{ ...event(lost.id), holdId }, event(stands.id)];
    const answer = report(api, events);
    const balanceOf = async (id: string) =>
      (await api.ask('GET', `/v1/accounts/${id}`, { key: api.admin })).body.balance;
    await until(
      () => balanceOf(stands.id),
      (balance) => balance === '9.00',
    );
    await breakWaiting();
    expect(await answer).toMatchObject({ status: 503, body: { code: 'database_unavailable' } });
    await free();
    expect([await balanceOf(lost.id), await balanceOf(stands.id)]).toEqual(['10.00', '9.00']);

    // The caller repeats it, twice at once for good measure.
    const repeats = await Promise.all([report(api, events), report(api, events)]);
    expect(repeats.map(({ body }) => body.accepted + body.duplicates)).toEqual([2, 2]);
    expect(repeats.reduce((sum, { body }) => sum + body.accepted, 0)).toBe(1);
    expect([await balanceOf(lost.id), await balanceOf(stands.id)]).toEqual(['9.00', '9.00']);
    expect(await findViolations(api.database.pool)).toEqual([]);
  });

  test('B4 an account that stays locked takes no other of its lane with it: its own usage is 503, and taken once when it is free', async () => {
    const [locked, other] = [await openInLane(0), await openInLane(0)];
    const { pool } = api.database;
    const event = (account: { id: string }, id: string) => ({
      id,
      accountId: account.id,
      model: 'model',
      inputTokens: 1_000_000,
    });
    const statusOf = async (events: object[]) => (await report(api, events)).status;
    await transaction(pool, async (tx) => {
      await tx.query('set local idle_in_transaction_session_timeout = 0');
      await lockBalance(tx, locked.id);
      const together = [statusOf([event(locked, 'a'), event(other, 'a')]), statusOf([event(locked, 'b')])];
      expect(await statusOf([event(other, 'b')])).toBe(200);
      expect(await Promise.all(together)).toEqual([503, 503]);
      // From now on it is known as locked.
      expect(await Promise.all([statusOf([event(locked, 'a')]), statusOf([event(other, 'c')])])).toEqual([503, 200]);
    });
    const { body } = await report(
      api,
      ['a', 'b'].flatMap((id) => [event(locked, id), event(other, id)]),
    );
    expect(body).toMatchObject({ accepted: 2, duplicates: 2, rejected: [] });
    expect((await report(api, [event(locked, 'a'), event(locked, 'c')])).body).toMatchObject({
      accepted: 1,
      duplicates: 1,
    });
    const { rows } = await pool.query('select from rejected_usage where account_id = $1', [locked.id]);
    expect(rows).toEqual([]);
    for (const { id } of [locked, other])
      expect((await api.ask('GET', `/v1/accounts/${id}`, { key: api.admin })).body.balance).toBe('7.00');
    expect(await findViolations(pool)).toEqual([]);
  });

  test('B4 two processes with usage of an account that stays locked take the usage of all its neighbours', async () => {
    const pool = openPool(api.database.url);
    const second = await startTestApi({ database: { ...api.database, pool } });
    const openNamed = (name: string) => Promise.all([0, 1, 2, 3].map((n) => openAccount(api, '50.00', `${name}-${n}`)));
    // Commits lock accounts in order of their ids.
    const [below, [locked], above] = [await openNamed('lock-a'), await openNamed('lock-m'), await openNamed('lock-z')];
    const neighbours = [...below, ...above];
    const event = (account: { id: string }, id: string) => ({
      id,
      accountId: account.id,
      model: 'model',
      inputTokens: 1_000_000,
    });
    const processes = [api, second];
    await transaction(api.database.pool, async (tx) => {
      await tx.query('set local idle_in_transaction_session_timeout = 0');
      await lockBalance(tx, locked!.id);
      let isOver = false;
      const ofAll = processes.map(async (process, p) => {
        const events = [event(locked!, 'a'), ...neighbours.map((account) => event(account, `${p}`))];
        const statuses: number[] = [];
        while (!isOver) statuses.push((await report(process, events)).status);
        return [...new Set(statuses)];
      });
      // One has those below locked and waits for the one that is; the other waits for it.
      await until(
        () =>
          api.database.pool.query(
            "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
          ),
        ({ rowCount }) => rowCount! >= 2,
      );
      const ofNeighbours = processes.flatMap((process, p) =>
        neighbours.map(async (account) => {
          for (let n = 0; n < 20; n++) {
            const { status, body } = await report(process, [event(account, `${p}/${n}`)]);
            expect([status, body.accepted]).toEqual([200, 1]);
          }
        }),
      );
      await Promise.all(ofNeighbours).finally(() => (isOver = true));
      expect(await Promise.all(ofAll)).toEqual([[503], [503]]);
    }).finally(async () => {
      await second.close();
      await pool.end();
    });
    const repeats = await Promise.all([0, 1].map(() => report(api, [event(locked!, 'a')])));
    expect(repeats.map(({ body }) => body.accepted).sort()).toEqual([0, 1]);
    const balanceOf = async ({ id }: { id: string }) =>
      (await api.ask('GET', `/v1/accounts/${id}`, { key: api.admin })).body.balance;
    expect(await balanceOf(locked!)).toBe('49.00');
    expect(await Promise.all(neighbours.map(balanceOf))).toEqual(neighbours.map(() => '8.00'));
    expect(await findViolations(api.database.pool)).toEqual([]);
  });

  test('B4 an event that Postgres refuses for whatever reason takes no other with it: its own request is 500, and its others are taken', async () => {
    const one = await openAccount(api, '10.00');
    const other = await openInLane(laneOf(one.id));
    const event = (accountId: string, id: string) => ({ id, accountId, model: 'model', inputTokens: 1_000_000 });
    await api.database.owner.query(`alter table usage_events add constraint poison check (event_id <> 'poison')`);
    const events = [event(one.id, 'a'), event(one.id, 'poison'), event(other.id, 'b')];
    const busy = report(api, [event(other.id, 'c')]);
    const [bad, good] = await Promise.all([report(api, events), report(api, [event(other.id, 'd')])]);
    await api.database.owner.query('alter table usage_events drop constraint poison');
    expect([(await busy).status, good.status]).toEqual([200, 200]);
    expect(bad).toMatchObject({ status: 500, body: { code: 'internal' } });
    const again = await report(api, events);
    expect(again.body).toMatchObject({ accepted: 1, duplicates: 2, rejected: [] });
  });

  test('B4 one account that can hold no more has its own events rejected, not those that were committed with them', async () => {
    const full = await openAccount(api);
    const fine = await openInLane(laneOf(full.id));
    await api.database.pool.query('update balances set balance_nano = -9223372036854775808 where account_id = $1', [
      full.id,
    ]);
    const event = (accountId: string, id: string) => ({ id, accountId, model: 'model', inputTokens: 1_000_000 });
    const busy = report(api, [event(fine.id, 'a')]);
    const [bad, good] = await Promise.all([
      report(api, [event(full.id, 'b'), event(fine.id, 'd'), event(full.id, 'e')]),
      report(api, [event(fine.id, 'c')]),
    ]);
    expect([(await busy).status, bad.status, good.status]).toEqual([200, 200, 200]);
    expect(bad.body).toMatchObject({
      accepted: 1,
      rejected: [
        { index: 0, id: 'b', code: 'invalid_event' },
        { index: 2, id: 'e', code: 'invalid_event' },
      ],
    });
    expect(good.body).toMatchObject({ accepted: 1 });
    const { body: kept } = await api.ask('GET', `/v1/accounts/${full.id}/rejected-usage`, { key: api.admin });
    expect(kept.data).toHaveLength(2);
  });
});
