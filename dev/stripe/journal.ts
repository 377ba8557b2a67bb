// The append-only file behind the simulator's state: JSON lines, many of them made durable by one fsync.
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** [table, id, the object's new content or null when it is gone] */
export type Change = [table: string, id: string, value: unknown];

const FILE = 'journal.jsonl';

/** Memory only: what a simulator without a data directory writes to. */
export class NoJournal {
  append(_changes: Change[]): Promise<void> {
    return Promise.resolve();
  }
  settled(): Promise<void> {
    return Promise.resolve();
  }
  async close(): Promise<void> {}
}

export class Journal extends NoJournal {
  private buffer: string[] = [];
  private writing: Promise<void> | null = null;

  private constructor(private readonly file: FileHandle) {
    super();
  }

  /** Opens the journal in `directory`, first rewriting it to hold nothing but `state`. */
  static async open(directory: string, state: Iterable<Change>): Promise<Journal> {
    const path = join(directory, FILE);
    const fresh = await open(`${path}.new`, 'w');
    let lines: string[] = [];
    for (const change of state) {
      lines.push(lineOf([change]));
      if (lines.length === 1_000) {
        await fresh.write(lines.join(''));
        lines = [];
      }
    }
    await fresh.write(lines.join(''));
    await fresh.sync();
    await fresh.close();
    await rename(`${path}.new`, path);
    await syncDirectory(directory);
    return new Journal(await open(path, 'a'));
  }

  /** Resolves once the changes are on disk. All of one call come back after a crash, or none. */
  override append(changes: Change[]): Promise<void> {
    if (changes.length > 0) this.buffer.push(lineOf(changes));
    return this.settled();
  }

  /** Resolves once everything appended so far is on disk: nobody is shown what a crash could take back. */
  override settled(): Promise<void> {
    if (this.buffer.length === 0) return this.writing ?? Promise.resolve();
    const inFlight = this.writing ?? Promise.resolve();
    // Whatever arrives while the write before is in flight shares the next one.
    return inFlight.then(() => this.flush());
  }

  override async close(): Promise<void> {
    await this.settled();
    await this.file.close();
  }

  private flush(): Promise<void> {
    if (this.writing !== null || this.buffer.length === 0) return this.writing ?? Promise.resolve();
    const lines = this.buffer.join('');
    this.buffer = [];
    this.writing = this.write(lines).finally(() => {
      this.writing = null;
    });
    return this.writing;
  }

  private async write(lines: string): Promise<void> {
    await this.file.appendFile(lines);
    await this.file.datasync();
  }
}

/** Calls `apply` for every change in the journal, oldest first. A torn last line was never acknowledged and is left out. */
export async function replayJournal(directory: string, apply: (change: Change) => void): Promise<void> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, FILE);
  const exists = await open(path, 'r').then(
    (file) => file.close().then(() => true),
    () => false,
  );
  if (!exists) return;
  let torn: number | null = null;
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
    number += 1;
    if (torn !== null)
      throw new Error(`The simulator's journal ${path} is damaged at line ${torn}, which is not its last.`);
    const changes = parseLine(line);
    if (changes === null) torn = number;
    else changes.forEach(apply);
  }
}

function lineOf(changes: Change[]): string {
  return `${JSON.stringify(changes)}\n`;
}

function parseLine(line: string): Change[] | null {
  try {
    return JSON.parse(line) as Change[];
  } catch {
    return null;
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  await handle.sync();
  await handle.close();
}
