/**
 * By which key each thing that is read is kept. Keys of an account begin with ['account', id] and go on with the
 * stream's topic, so that `changed {topics}` makes exactly those lists be read again.
 */
export const keys = {
  session: ['session'] as const,
  account: (id: string) => ['account', id] as const,
  topic: (id: string, topic: string) => ['account', id, topic] as const,
};

/** The one list that has lines of several topics: any of these is read as news of it. */
export const TIMELINE = 'timeline';
const TIMELINE_TOPICS: readonly string[] = ['transactions', 'decisions', 'reloads', 'audit'];
/** What is read again when the stream tells of these topics. */
export const withTimeline = (topics: readonly string[]): readonly string[] =>
  topics.some((topic) => TIMELINE_TOPICS.includes(topic)) ? [...topics, TIMELINE] : topics;

/** What belongs to no account is told of by no stream: it is asked again from time to time. */
export const ADMIN_EVERY_MS = 10_000;
