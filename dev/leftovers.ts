/** Recognises and stops processes that an earlier run left behind when it was killed. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { sleep, type Log } from './commands';
import { writePrivate } from './files';

export interface ProcessRecord {
  pid: number;
  /** Tells a process from a later one that was given the same pid. */
  startedAt: string;
  /** Which run of the system counted them: pids and start times begin anew with each. */
  boot: string;
}

const bootIdFile = '/proc/sys/kernel/random/boot_id';
const boot = existsSync(bootIdFile) ? readFileSync(bootIdFile, 'utf8').trim() : '';
const hasProc = existsSync('/proc/self/stat');

function ps(pid: number, field: string): string | null {
  try {
    return (
      execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).trim() || null
    );
  } catch {
    return null;
  }
}

/** When the process started, in the system's own terms; null when there is none, or only a zombie. */
export function startTime(pid: number): string | null {
  if (!hasProc) return ps(pid, 'lstart');
  try {
    // proc(5): the command, field 2, may hold spaces and brackets; field 3 is the state, field 22 the start time.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

export function commandLine(pid: number): string | null {
  if (!hasProc) return ps(pid, 'command');
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return null;
  }
}

export function describeProcess(pid: number): ProcessRecord {
  return { pid, startedAt: startTime(pid) ?? '', boot };
}

/** Whether this very process still runs, not another that was given its pid. */
export function isRunning(record: ProcessRecord): boolean {
  return record.boot === boot && record.startedAt !== '' && startTime(record.pid) === record.startedAt;
}

/** For the next start, should this one be killed. On a full disk there is no note; that is no reason not to run. */
export function recordProcess(file: string, pid: number, log: Log): void {
  try {
    writePrivate(file, describeProcess(pid));
  } catch (error) {
    log(`process ${pid} runs, which could not be noted in ${file}: ${(error as Error).message}`);
  }
}

/** The recorded process if it still runs. */
export function readRunning(file: string): ProcessRecord | null {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as ProcessRecord;
    return isRunning(record) ? record : null;
  } catch {
    return null;
  }
}

/** Sends `signal`, waits up to `graceMs`, then kills the process with its group. */
export async function stopProcess(pid: number, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  const started = startTime(pid);
  if (started === null) return;
  const deadline = Date.now() + graceMs;
  signalQuietly(pid, signal);
  while (startTime(pid) === started) {
    if (Date.now() > deadline) {
      signalQuietly(pid, 'SIGKILL');
      signalQuietly(-pid, 'SIGKILL');
    }
    await sleep(20);
  }
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself in between.
  }
}

/** Stops what `recordProcess` noted, if it still runs. True when there was something to stop. */
export async function stopRecorded(file: string, signal: NodeJS.Signals, graceMs: number): Promise<boolean> {
  const running = readRunning(file);
  if (running) await stopProcess(running.pid, signal, graceMs);
  rmSync(file, { force: true });
  return running !== null;
}
