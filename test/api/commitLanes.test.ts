import { createCommitLanes } from '../../api/usage/commitLanes';
import type { PostedUnlocked } from '../../ledger/usage/postUnlocked';
import type { PricedEvent } from '../../ledger/usage/postUsage';
import { priced } from '../support/ledgerAccount';

/** Commits that wait to be let through; each tells the ids it was given, in order, and is told whose accounts are locked. */
function start(waitingMax = 100) {
  const commits: { accounts: string[]; ids: string[]; waits: boolean; pass: (locked?: string[]) => void }[] = [];
  const commit = (events: readonly PricedEvent[], waits: boolean): Promise<PostedUnlocked> =>
    new Promise((resolve) => {
      const notPosted = new Map(
        events.flatMap(({ id }, place) => (id.startsWith('again') ? [[place, 'duplicate' as const]] : [])),
      );
      commits.push({
        accounts: events.map(({ accountId }) => accountId),
        ids: events.map(({ id }) => id),
        waits,
        pass: (locked = []) => resolve({ positions: new Map(), notPosted, locked: new Set(locked) }),
      });
    });
  const lanes = createCommitLanes({ commit, isItemsFault: () => false, itemsMax: 100, waitingMax });
  return { lanes, commits };
}

const accounts = Array.from({ length: 20 }, (_, i) => `account-${i}`);
const event = (accountId: string, id: string) => priced(accountId, id, '1.00');

test('B3 an account keeps to one lane, in order; what a commit says of a place is found at its place in the request', async () => {
  const { lanes, commits } = start();
  const events = ['first', 'again', 'third'].flatMap((id) =>
    accounts.map((account) => event(account, `${id}/${account}`)),
  );
  const submitted = lanes.submit(events);
  expect(commits).toHaveLength(2);
  const [left, right] = commits.map(({ accounts: mine }) => new Set(mine));
  expect([...left!].some((account) => right!.has(account))).toBe(false);
  expect(left!.size + right!.size).toBe(20);
  for (const { ids } of commits)
    expect(ids.map((id) => id.split('/')[0])).toEqual(
      [...ids.map((id) => id.split('/')[0])].sort((a, b) => order(a!) - order(b!)),
    );
  commits.forEach(({ pass }) => pass());

  const duplicates = (await submitted).flatMap(({ result, first, places }) =>
    places.filter((_place, i) => result.notPosted.get(first + i) === 'duplicate'),
  );
  expect(duplicates.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => 20 + i));
});

const order = (id: string): number => ['first', 'again', 'third'].indexOf(id);

test('two lanes commit at the same time', async () => {
  const { lanes, commits } = start();
  const all = Promise.all(accounts.map((account) => lanes.submit([event(account, 'a')])));
  expect(commits).toHaveLength(2);
  commits.forEach(({ pass }) => pass());
  await new Promise(setImmediate);
  expect(commits).toHaveLength(4);
  commits.forEach(({ pass }) => pass());
  await all;
  await lanes.idle();
});

test('B3 a request that finds one lane full is refused with 429, and nothing of it is taken in the other', async () => {
  const { lanes, commits } = start(2);
  const [account, ...others] = accounts;
  const other = others.find((candidate) => areApart(account!, candidate))!;
  const taken = [lanes.submit([event(account!, 'flying')]), lanes.submit([event(account!, 'a'), event(account!, 'b')])];
  await expect(lanes.submit([event(other, 'x'), event(account!, 'c')])).rejects.toMatchObject({
    code: 'too_many_requests',
    status: 429,
    extras: { retryAfterSeconds: 1 },
  });
  expect(commits.flatMap(({ ids }) => ids)).toEqual(['flying']);
  const alone = lanes.submit([event(other, 'y')]);
  commits.forEach(({ pass }) => pass());
  await new Promise(setImmediate);
  commits.forEach(({ pass }) => pass());
  await Promise.all([...taken, alone]);
  expect(commits.flatMap(({ ids }) => ids).sort()).toEqual(['a', 'b', 'flying', 'y']);
});

test('B3 an account that a commit found locked is waited for apart, until a commit takes its events', async () => {
  const { lanes, commits } = start();
  const [locked, ...others] = accounts;
  const other = others.find((candidate) => !areApart(locked!, candidate))!;
  const [lost, stands] = [lanes.submit([event(locked!, 'a')]), lanes.submit([event(other, 'a'), event(locked!, 'b')])];
  commits[0]!.pass([locked!]);
  await expect(lost).rejects.toThrow('locked');
  await new Promise(setImmediate);

  // What had joined the lane before goes without waiting; what comes now goes apart, and the lane goes on beside it.
  expect(commits[1]).toMatchObject({ ids: ['a', 'b'], waits: false });
  const apart = lanes.submit([event(locked!, 'c')]);
  expect(commits[2]).toMatchObject({ ids: ['c'], waits: true });
  commits[1]!.pass([locked!]);
  await expect(stands).rejects.toThrow('locked');
  const taken = lanes.submit([event(other, 'd')]);
  expect(commits[3]).toMatchObject({ ids: ['d'], waits: true });
  commits[3]!.pass();
  await taken;

  commits[2]!.pass();
  await apart;
  const [again, beside] = [lanes.submit([event(locked!, 'e')]), lanes.submit([event(other, 'f')])];
  expect(commits[4]).toMatchObject({ ids: ['e'], waits: true });
  expect(commits).toHaveLength(5);
  commits[4]!.pass();
  await again;
  commits[5]!.pass();
  await beside;
});

function areApart(one: string, other: string): boolean {
  const { lanes, commits } = start();
  void lanes.submit([event(one, 'probe'), event(other, 'probe')]);
  return commits.length === 2;
}
