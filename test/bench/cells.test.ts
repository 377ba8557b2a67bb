/** The routing rule of docs/scale.md. */
import { cellOf, cellOfSlot, slotOf, SLOTS } from '../../bench/scale/cells';
import { times } from '../support/times';

const named = (count: number): string[] => times(count, (n) => `cell-${n + 1}`);
/** Ids of the shapes that there are: ours, short ones of a customer's, and such as count upwards. */
const ACCOUNTS = times(30_000, (n) =>
  n % 3 === 0 ? `acct_${(n * 2_654_435_761) % 4_294_967_296}` : n % 3 === 1 ? `org${n}` : String(n).padStart(12, '0'),
);

test('accounts spread evenly over cells, whatever their ids look like', () => {
  const cells = named(30);
  for (const accounts of [0, 1, 2].map((shape) => ACCOUNTS.filter((_, n) => n % 3 === shape))) {
    const counts = new Map(cells.map((cell) => [cell, 0]));
    for (const account of accounts) {
      const cell = cellOf(account, cells);
      counts.set(cell, counts.get(cell)! + 1);
    }
    const mean = accounts.length / cells.length;
    expect(Math.min(...counts.values())).toBeGreaterThan(mean * 0.75);
    expect(Math.max(...counts.values())).toBeLessThan(mean * 1.25);
  }
});

test('a cell that is added takes its share from all others, and nothing moves between those', () => {
  const [before, after] = [named(30), named(31)];
  const moved = ACCOUNTS.filter((account) => cellOf(account, before) !== cellOf(account, after));
  expect(new Set(moved.map((account) => cellOf(account, after)))).toEqual(new Set(['cell-31']));
  expect(new Set(moved.map((account) => cellOf(account, before)))).toEqual(new Set(before));
  expect(moved.length / ACCOUNTS.length).toBeGreaterThan(0.8 / 31);
  expect(moved.length / ACCOUNTS.length).toBeLessThan(1.2 / 31);
});

test('the order in which the cells are named does not count, and a slot that is being moved is served where it is', () => {
  const cells = named(7);
  const [account, slot] = [ACCOUNTS[5]!, slotOf(ACCOUNTS[5]!)];
  expect(cellOf(account, [...cells].reverse())).toBe(cellOf(account, cells));
  expect(cellOf(account, cells, new Map([[slot, 'cell-old']]))).toBe('cell-old');
  expect(cellOf(account, cells, new Map([[(slot + 1) % SLOTS, 'cell-old']]))).toBe(cellOf(account, cells));
  expect(() => cellOfSlot(slot, [])).toThrow('there are none');
});
