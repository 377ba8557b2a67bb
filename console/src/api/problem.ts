/** What the API refuses, as an error. Its own sentences are shown: the browser makes up no rule and no reason. */
import { text } from '../text';
import type { components } from './schema';

type Schemas = components['schemas'];
/** What is wrong with a line of an uploaded file. */
export type LineFault = { code: string; message: string; line: number | null };
export type ProblemBody = {
  code?: string;
  title?: string;
  detail?: string;
  errors?: { path: string; message: string }[];
  declineCode?: string;
  url?: string;
  /** Of `charge_changed`: what would be charged at once now; null: nothing. */
  wouldCharge?: string | null;
  lines?: readonly LineFault[];
};

/** Of both forms in which the API refuses: RFC 9457, and OpenAI's on the routes that are theirs. */
export function toProblemBody(answer: unknown): ProblemBody | null {
  const { error } = (answer ?? {}) as Partial<Schemas['OpenAiError']>;
  if (error === undefined) return answer as ProblemBody | null;
  const { code, message, errors = [] } = error;
  const lines = errors.flatMap((one) =>
    one.code === undefined ? [] : [{ code: one.code, message: one.message, line: one.line ?? null }],
  );
  return { detail: message, ...(code !== null && { code }), ...(lines.length > 0 && { lines }) };
}

export class ProblemError extends Error {
  readonly code: string;
  /** It is the API's own answer. Every refusal of ours has a code; a proxy's or an ingress's has none. */
  readonly isOurs: boolean;
  /** Messages by field. */
  readonly fields: ReadonlyMap<string, string>;

  constructor(
    readonly status: number,
    readonly body: ProblemBody | null,
    readonly retryAfter: string | null = null,
  ) {
    super(body?.detail ?? body?.title ?? text.states.answered(status));
    this.name = 'ProblemError';
    this.isOurs = typeof body?.code === 'string';
    this.code = body?.code ?? 'unknown';
    this.fields = new Map((body?.errors ?? []).map(({ path, message }) => [path, message]));
  }
}

/** The request did not get there, or its answer did not come back: nobody knows what became of it. */
export const isLost = (error: unknown): boolean => !(error instanceof ProblemError);

/** The API has not answered: the connection was lost, or something before the API has answered instead. */
export const isUnheard = (error: unknown): boolean => !(error instanceof ProblemError) || !error.isOurs;

/**
 * Whether the outcome may still be unknown or may change: the same request is to be sent again under the same key. What a
 * proxy answers is no clear no, whatever its status: the API may have had the request before, or gets it when it is sent
 * again.
 */
export const isUnsettled = (error: unknown): boolean =>
  isUnheard(error) ||
  (error instanceof ProblemError && (error.status >= 500 || [401, 408, 429].includes(error.status)));

/** Nobody was signed in, or it was one request too many: it was turned away before anything was begun. */
export const wasNotTaken = (error: unknown): boolean =>
  error instanceof ProblemError && error.isOurs && [401, 429].includes(error.status);

/** The API could not be asked, or could not look: what is on the screen may be old by now. */
export const isOutage = (error: unknown): boolean =>
  isUnheard(error) || (error instanceof ProblemError && error.status >= 500);

/** Why a change was not made, in the API's own sentence; or that nobody knows whether it was. */
export function whyNotDone(error: Error): string {
  if (!(error instanceof ProblemError)) return text.states.changeLost;
  return error.isOurs ? error.message : text.states.changeUnclear(error.status);
}
