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
  /** Messages by field. */
  readonly fields: ReadonlyMap<string, string>;

  constructor(
    readonly status: number,
    readonly body: ProblemBody | null,
    readonly retryAfter: string | null = null,
  ) {
    super(body?.detail ?? body?.title ?? text.states.answered(status));
    this.name = 'ProblemError';
    this.code = body?.code ?? 'unknown';
    this.fields = new Map((body?.errors ?? []).map(({ path, message }) => [path, message]));
  }
}

/** The request did not get there, or its answer did not come back: nobody knows what became of it. */
export const isLost = (error: unknown): boolean => !(error instanceof ProblemError);

/** Whether the outcome may still be unknown or may change: the same request is to be sent again under the same key. */
export const isUnsettled = (error: unknown): boolean =>
  isLost(error) || (error instanceof ProblemError && (error.status >= 500 || [401, 408, 429].includes(error.status)));

/** Nobody was signed in, or it was one request too many: it was turned away before anything was begun. */
export const wasNotTaken = (error: unknown): boolean =>
  error instanceof ProblemError && [401, 429].includes(error.status);
