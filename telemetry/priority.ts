/** Lets a process take only what others leave of the processor. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** As `nice` counts: 0 is the usual, 19 the last. */
const LOW_PRIORITY = 10;

/**
 * Of all its threads: Linux counts by thread, and Node has started some before any line of ours runs, which collect garbage
 * and compile. Threads that are started later have the priority of the one that starts them. And of its session, if it has
 * one to itself: Linux divides the processor among sessions first (autogroups), and priorities count within each only.
 * Elsewhere than on Linux, its own priority is all there is.
 */
export function takeLowPriority(): void {
  setPriority(LOW_PRIORITY);
  for (const thread of listThreads()) ignoring(() => setPriority(thread, LOW_PRIORITY));
  ignoring(() => {
    if (leadsItsSession()) writeFileSync('/proc/self/autogroup', String(LOW_PRIORITY));
  });
}

function listThreads(): number[] {
  let threads: number[] = [];
  ignoring(() => (threads = readdirSync('/proc/self/task').map(Number)));
  return threads;
}

/** The sixth field of its line; the second, its name, may have blanks in parentheses. */
function leadsItsSession(): boolean {
  const line = readFileSync('/proc/self/stat', 'utf8');
  const [, , , session] = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return Number(session) === process.pid;
}

/** A thread may have ended meanwhile, and a system may not have what is asked for: priority is a wish. */
function ignoring(wish: () => void): void {
  try {
    wish();
  } catch {
    // As it was, then.
  }
}
