// The errors the simulator answers with, in Stripe's shape (https://docs.stripe.com/api/errors).
import type Stripe from 'stripe';

export type ErrorType = 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';

export type ErrorBody = {
  type: ErrorType;
  message: string;
  code?: string;
  decline_code?: string;
  param?: string;
  charge?: string;
  doc_url?: string;
  payment_intent?: Stripe.PaymentIntent;
  payment_method?: Stripe.PaymentMethod;
  setup_intent?: Stripe.SetupIntent;
};

export class StripeError extends Error {
  constructor(
    readonly status: number,
    readonly body: ErrorBody,
    /** Whether the endpoint had begun its work: only then does Stripe keep the answer under the idempotency key. */
    readonly executed = true,
  ) {
    super(body.message);
    if (body.code !== undefined) body.doc_url = `https://stripe.com/docs/error-codes/${body.code.replaceAll('_', '-')}`;
  }
}

/** A parameter is wrong; found before the endpoint's work began, so nothing is kept under the idempotency key. */
export function invalidParameter(message: string, param?: string, code?: string): StripeError {
  return new StripeError(
    400,
    { type: 'invalid_request_error', message, ...(code && { code }), ...(param && { param }) },
    false,
  );
}

/** The request is well-formed but what it asks is against a rule of the object's state. */
export function invalidRequest(message: string, details: Partial<ErrorBody> = {}): StripeError {
  return new StripeError(400, { type: 'invalid_request_error', message, ...details });
}

export function resourceMissing(kind: string, id: string, param = 'id'): StripeError {
  return new StripeError(404, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${kind}: '${id}'`,
    param,
  });
}

export function unrecognizedUrl(method: string, path: string): StripeError {
  const message = `Unrecognized request URL (${method}: ${path}). The simulator speaks only the part of Stripe's API listed in docs/stripe-simulator.md.`;
  return new StripeError(404, { type: 'invalid_request_error', message }, false);
}

export function invalidApiKey(shown: string): StripeError {
  return new StripeError(401, { type: 'invalid_request_error', message: `Invalid API Key provided: ${shown}` }, false);
}

export function rateLimited(): StripeError {
  return new StripeError(
    429,
    {
      type: 'invalid_request_error',
      code: 'rate_limit',
      message:
        'Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits.',
    },
    false,
  );
}

/** Many requests change one object at once (https://docs.stripe.com/rate-limits#object-lock-timeouts). */
export function lockTimeout(): StripeError {
  return new StripeError(
    429,
    {
      type: 'invalid_request_error',
      code: 'lock_timeout',
      message:
        'This object cannot be accessed right now because another API request or Stripe process is currently accessing it.',
    },
    false,
  );
}

export function internalError(): StripeError {
  return new StripeError(500, {
    type: 'api_error',
    message: 'An unknown error occurred. Contact us at support@stripe.com if this persists.',
  });
}

export function unavailable(): StripeError {
  return new StripeError(
    503,
    { type: 'api_error', message: 'Stripe is temporarily unavailable. Try again later.' },
    false,
  );
}
