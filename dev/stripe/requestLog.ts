// The last API requests, for tests that count them: a ring of fixed size.
import type { Form } from './form';

export type LoggedRequest = {
  id: string;
  at: string;
  method: string;
  path: string;
  idempotencyKey: string | null;
  params: Form;
  /** null while, or when, no answer was given. */
  status: number | null;
  replayed: boolean;
  fault: string | null;
};

const KEPT = 10_000;

export class RequestLog {
  private ring: LoggedRequest[] = [];
  private next = 0;

  add(request: LoggedRequest): LoggedRequest {
    this.ring[this.next] = request;
    this.next = (this.next + 1) % KEPT;
    return request;
  }

  /** Oldest first. */
  list(): LoggedRequest[] {
    return [...this.ring.slice(this.next), ...this.ring.slice(0, this.next)];
  }

  clear(): void {
    this.ring = [];
    this.next = 0;
  }
}
