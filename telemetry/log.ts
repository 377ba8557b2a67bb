/** What a process says: its log as JSON lines, and a few plain lines, both on standard output. No fault of the output becomes a fault of the process. */
import { pino, type Logger } from 'pino';
import { hiding } from './hideSecrets';
import { createLineWriter } from './lineWriter';

const STDOUT = 1;

export type Output = {
  log: Logger;
  /** Writes a plain line, such as the one that says where the API listens; it keeps its place among the lines of the log. */
  say(line: string): void;
};

export type OutputOptions = {
  /** Asked for with each line of the log: what it belongs to. */
  fields?: () => object;
  /** What must not stand in a line, though nothing about it says so. */
  secrets?: readonly (string | undefined)[];
};

/** @param name of the process, in each line of its log */
export function openOutput(name: string, level: string, { fields, secrets = [] }: OutputOptions = {}): Output {
  ignoreBrokenOutput();
  const writer = createLineWriter(STDOUT, {
    onLost: (lines) => log.warn({ lines }, 'log lines were lost: they could not be written'),
  });
  const hide = hiding(secrets);
  const log = pino({ name, level, ...(fields && { mixin: fields }) }, { write: (line) => writer.write(hide(line)) });
  return { log, say: (line) => writer.write(`${line}\n`) };
}

/** For programs that have no log and speak plain lines only. */
export function openPlainOutput(): Output['say'] {
  ignoreBrokenOutput();
  const writer = createLineWriter(STDOUT);
  return (line) => writer.write(`${line}\n`);
}

/** Standard output and error raise an `error` event where the disk is full or their reader is gone; without a listener it would end the process. */
function ignoreBrokenOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}
