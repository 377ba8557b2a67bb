/** An endpoint to which an account's notices go as webhooks (N2). */
import type { WebhookEvent } from '../../domain/webhook';

export type WebhookEndpoint = {
  id: string;
  url: string;
  events: WebhookEvent[];
  createdAt: Date;
  /** Set once the endpoint has answered 410: nothing more is sent to it. */
  disabled: { at: Date; because: string } | null;
};
