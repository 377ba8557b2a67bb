/** What the API refuses, as an error. Its own sentences are shown: the browser makes up no rule and no reason. */
export type ProblemBody = {
  code?: string;
  title?: string;
  detail?: string;
  errors?: { path: string; message: string }[];
  declineCode?: string;
  url?: string;
};

export class ProblemError extends Error {
  readonly code: string;
  /** Messages by field. */
  readonly fields: ReadonlyMap<string, string>;

  constructor(
    readonly status: number,
    readonly body: ProblemBody | null,
    readonly retryAfter: string | null = null,
  ) {
    super(body?.detail ?? body?.title ?? `The API answered ${status}.`);
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
