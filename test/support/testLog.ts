/** A log for tests: quiet, but for a statement that Postgres does not understand. A loop would only log it, and try again for ever. */
import pino, { type Logger } from 'pino';

const WRONG_STATEMENT =
  /(function|operator|column|relation|type) .{1,300}? does not exist|syntax error at or near|could not determine data type|is of type .{1,100}? but expression is of type/;

export type TestLog = {
  log: Logger;
  /** Throws the lines that tell of such a statement. */
  expectRightStatements(): void;
};

/** `TEST_LOG=1` shows its warnings. */
export function createTestLog(): TestLog {
  const wrong: string[] = [];
  const write = (line: string): void => {
    if (WRONG_STATEMENT.test(line)) wrong.push(line);
    if (process.env.TEST_LOG) process.stdout.write(line);
  };
  return {
    log: pino({ level: 'warn' }, { write }),
    expectRightStatements() {
      if (wrong.length > 0) throw new Error(`Postgres does not understand a statement:\n${wrong.join('')}`);
    },
  };
}
