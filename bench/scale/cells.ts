/** Which cell an account belongs to: the same answer from everybody who knows the cells' names, without asking anybody. */

/** Accounts move between cells by slots, one at a time: so a slot is small, and there are many of them for each cell. */
export const SLOTS = 16_384;

/** Never changes, however many cells there are. */
export const slotOf = (accountId: string): number => hash(accountId) % SLOTS;

/**
 * Each slot goes to the cell that draws the highest number for it. A cell that is added wins its share from all others,
 * and nothing else moves; one that is taken away leaves its slots to all others.
 */
export function cellOfSlot(slot: number, cells: readonly string[]): string {
  if (cells.length === 0) throw new RangeError('an account needs a cell: there are none');
  let [best, highest] = ['', -1];
  for (const cell of cells) {
    const drawn = hash(`${slot} ${cell}`);
    if (drawn > highest || (drawn === highest && cell < best)) [best, highest] = [cell, drawn];
  }
  return best;
}

/** @param moved slots that are still, or already, elsewhere: while a slot is copied, its old cell serves it */
export function cellOf(
  accountId: string,
  cells: readonly string[],
  moved: ReadonlyMap<number, string> = new Map(),
): string {
  const slot = slotOf(accountId);
  return moved.get(slot) ?? cellOfSlot(slot, cells);
}

/** FNV-1a over the UTF-16 units, then the end of MurmurHash3, without which texts that differ in their last sign lie close together. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let place = 0; place < text.length; place++) value = Math.imul(value ^ text.charCodeAt(place), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
