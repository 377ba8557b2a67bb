/** One try of a webhook, and what can become of it (N2). */
import type { WebhookPayload } from '../../domain/webhook';

export type WebhookAttempt = {
  deliveryId: string;
  /** The same at every try and endpoint, so that receivers know a repeat. */
  messageId: string;
  /** This try's number, from 1. */
  attempt: number;
  url: string;
  /** Newest first: each signs. */
  secrets: string[];
  payload: WebhookPayload;
};

export type WebhookBegun =
  /** `slow`: by its last try the endpoint may hold its place for long. */
  | { kind: 'begun'; attempt: WebhookAttempt; slow: boolean }
  /** There was no place; it is no try. */
  | { kind: 'waits'; waitMs: number }
  /** Nothing is to be sent any more. */
  | { kind: 'ended' };

export type WebhookOutcome =
  | { kind: 'delivered'; status: number }
  /** The endpoint says that it is gone (410): it gets nothing more. */
  | { kind: 'gone'; status: number; error: string }
  | { kind: 'put_off'; status: number | null; error: string; delaySeconds: number }
  | { kind: 'failed'; status: number | null; error: string };
