// One kind of object in memory: by id, in order of creation, and by the fields it is looked up with.

type Entry<T> = { readonly id: string; readonly sequence: number; value: T; live: boolean };

/** Entries in order of creation; removed ones are swept once they are the majority. */
class Ordered<T> {
  private entries: Entry<T>[] = [];
  private dead = 0;

  /** An object may enter an index long after its creation; the order stays that of creation. */
  insert(entry: Entry<T>): void {
    let place = this.entries.length;
    while (place > 0 && (this.entries[place - 1] as Entry<T>).sequence > entry.sequence) place -= 1;
    if (this.entries[place - 1] !== entry) this.entries.splice(place, 0, entry);
  }

  noteRemoval(): void {
    this.dead += 1;
    if (this.dead > 1_000 && this.dead > this.entries.length / 2) {
      this.entries = this.entries.filter((entry) => entry.live);
      this.dead = 0;
    }
  }

  /** Newest first, from just before the given sequence number. */
  *newest(before = Infinity): Generator<Entry<T>> {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.entries[middle] as Entry<T>).sequence < before) low = middle + 1;
      else high = middle;
    }
    for (let index = low - 1; index >= 0; index -= 1) {
      const entry = this.entries[index] as Entry<T>;
      if (entry.live) yield entry;
    }
  }
}

export class Collection<T> {
  private readonly byId = new Map<string, Entry<T>>();
  private readonly all = new Ordered<T>();
  private readonly indexes = new Map<string, Map<string, Ordered<T>>>();
  private sequence = 0;

  /** `indexed`: fields that hold an id and are searched by; the value they have at creation counts, later ones are added. */
  constructor(indexed: readonly string[] = []) {
    for (const field of indexed) this.indexes.set(field, new Map());
  }

  get size(): number {
    return this.byId.size;
  }

  get(id: string): T | undefined {
    return this.byId.get(id)?.value;
  }

  set(id: string, value: T): void {
    let entry = this.byId.get(id);
    const previous = entry?.value;
    if (entry === undefined) {
      entry = { id, sequence: (this.sequence += 1), value, live: true };
      this.byId.set(id, entry);
      this.all.insert(entry);
    } else {
      entry.value = value;
    }
    for (const [field, index] of this.indexes)
      this.indexEntry(index, entry, fieldOf(previous, field), fieldOf(value, field));
  }

  delete(id: string): void {
    const entry = this.byId.get(id);
    if (entry === undefined) return;
    entry.live = false;
    this.byId.delete(id);
    this.all.noteRemoval();
    for (const [field, index] of this.indexes) {
      const key = fieldOf(entry.value, field);
      if (key !== undefined) index.get(key)?.noteRemoval();
    }
  }

  values(): IterableIterator<[string, T]> {
    return (function* (entries: Iterable<Entry<T>>): Generator<[string, T]> {
      for (const entry of entries) yield [entry.id, entry.value];
    })(this.byId.values());
  }

  /** Newest first; `where` narrows by an indexed field; `after` is the id of the last object already seen. */
  *newest(where?: { field: string; equals: string }, after?: string): Generator<T> {
    const before = after === undefined ? Infinity : (this.byId.get(after)?.sequence ?? Infinity);
    const ordered = where === undefined ? this.all : this.indexes.get(where.field)?.get(where.equals);
    if (ordered === undefined) return;
    for (const entry of ordered.newest(before)) {
      // An object that moved on (a detached payment method) stays in its old index.
      if (where === undefined || fieldOf(entry.value, where.field) === where.equals) yield entry.value;
    }
  }

  oldest(): { id: string; value: T } | undefined {
    return this.byId.values().next().value;
  }

  private indexEntry(
    index: Map<string, Ordered<T>>,
    entry: Entry<T>,
    previous: string | undefined,
    key: string | undefined,
  ): void {
    if (key === undefined || key === previous) return;
    let ordered = index.get(key);
    if (ordered === undefined) index.set(key, (ordered = new Ordered()));
    ordered.insert(entry);
  }
}

function fieldOf(value: unknown, field: string): string | undefined {
  const content = (value as Record<string, unknown> | undefined)?.[field];
  return typeof content === 'string' ? content : undefined;
}
