/**
 * Whether the database answers, so that nobody waits for one that does not: a frozen server or a dead connection says
 * nothing at all. Looks in the background notice it; while it is silent, every other question fails at once.
 */
import { unavailable, type Problem } from '../../domain/errors';
import { isDatabaseOutage } from '../../ledger/databaseOutage';
import { within } from './within';

export type Pulse = {
  /** A question that somebody waits for. Throws `database_unavailable` when there is no answer in time, and at once while the database is silent. */
  ask<T>(question: () => Promise<T>): Promise<T>;
  /** A question in the background, asked whatever was heard before. Throws `database_unavailable` after `msMax`. */
  look<T>(msMax: number, question: () => Promise<T>): Promise<T>;
  isSilent(): boolean;
};

/** A healthy database answers a lookup in a few milliseconds. */
const ANSWER_MS_MAX = 500;

export function createPulse(): Pulse {
  let silent = false;
  let answers = 0;

  async function heard<T>(question: () => Promise<T>): Promise<T> {
    const asked = answers;
    const answer = question();
    await within(ANSWER_MS_MAX, answer, noAnswer).catch((error: unknown) => {
      // Where others were answered meanwhile, it is the question that is slow.
      if (isNoAnswer(error) && answers === asked) silent = true;
    });
    const heardAnswer = await answer;
    answers += 1;
    silent = false;
    return heardAnswer;
  }

  return {
    async ask(question) {
      if (silent) throw noAnswer();
      return within(ANSWER_MS_MAX, heard(question), noAnswer);
    },
    look: (msMax, question) => within(msMax, heard(question), noAnswer),
    isSilent: () => silent,
  };
}

/** Whether somebody got no answer, or none that says anything about what was asked. */
export const isNoAnswer = (error: unknown): boolean =>
  isDatabaseOutage(error) || (error as Partial<Problem>).code === 'database_unavailable';

export const noAnswer = (): Problem => unavailable('database_unavailable', 'The database does not answer.');
