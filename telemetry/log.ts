/** What a process says: its log as JSON lines, and a few plain lines, both on standard output. No fault of the output becomes a fault of the process. */
import { pino, type Logger } from 'pino';
import { createLineWriter } from './lineWriter';

const STDOUT = 1;

export type Output = {
  log: Logger;
  /** Writes a plain line, such as the one that says where the API listens; it keeps its place among the lines of the log. */
  say(line: string): void;
};

/** @param name of the process, in each line of its log */
export function openOutput(name: string, level: string): Output {
  ignoreBrokenOutput();
  const writer = createLineWriter(STDOUT, {
    onLost: (lines) => log.warn({ lines }, 'log lines were lost: they could not be written'),
  });
  const log = pino({ name, level }, writer);
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
