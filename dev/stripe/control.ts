// The switches under /_sim/, with which tests steer the simulator. Not a part of Stripe.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { cardBehavior } from './cardBehavior';
import { answerPayment, answerSetup, settlePending, submitCheckout } from './checkoutCompletion';
import { closeDispute, openDispute } from './disputes';
import { StripeError } from './errors';
import { faultRule, type Faults } from './faults';
import { sendJson } from './http';
import { updateByNetwork } from './paymentMethods';
import { failRefund } from './refunds';
import type { RequestLog } from './requestLog';
import { runWork, type Environment, type Transaction } from './transaction';
import type { WebhookSender } from './webhooks';

export type Simulator = { environment: Environment; faults: Faults; requests: RequestLog; webhooks: WebhookSender };

export type Control = (request: IncomingMessage, response: ServerResponse, url: URL, body: string) => Promise<void>;

type Switch = (simulator: Simulator, input: { id: string; query: URLSearchParams; body: unknown }) => unknown;

const NO_ORIGIN = { requestId: null, idempotencyKey: null };

/** A switch that changes state: its body is parsed, its work is durable before it answers. */
function change<T extends z.ZodType>(
  schema: T,
  work: (tx: Transaction, id: string, body: z.infer<T>) => unknown,
): Switch {
  return ({ environment }, { id, body }) => {
    const parsed = schema.parse(body);
    return runWork(environment, NO_ORIGIN, (tx) => work(tx, id, parsed));
  };
}

const switches: Record<string, Switch> = {
  'GET /_sim/faults': ({ faults }) => faults.list(),
  'POST /_sim/faults': ({ faults }, { body }) => faults.add(z.array(faultRule).parse([body].flat())),
  'DELETE /_sim/faults': ({ faults }) => {
    faults.clear();
    return [];
  },

  'GET /_sim/requests': ({ requests }, { query }) => {
    const path = new RegExp(query.get('path') ?? '');
    const method = query.get('method');
    return requests
      .list()
      .filter((request) => path.test(request.path) && (method === null || request.method === method));
  },
  'DELETE /_sim/requests': ({ requests }) => {
    requests.clear();
    return [];
  },

  'GET /_sim/charges': ({ environment }, { query }) => {
    const charges = [...environment.store.tables.charges.values()].map(([, charge]) => charge);
    return charges.filter((charge) =>
      (['customer', 'payment_intent', 'status'] as const).every(
        (field) => query.get(field) === null || query.get(field) === charge[field],
      ),
    );
  },

  'GET /_sim/webhooks': ({ webhooks }) => shown(webhooks),
  'POST /_sim/webhooks': ({ webhooks }, { body }) => {
    webhooks.set(
      z
        .strictObject({
          paused: z.boolean().optional(),
          copies: z.int().min(1).max(100).optional(),
          reorder: z.boolean().optional(),
        })
        .parse(body),
    );
    return shown(webhooks);
  },
  'POST /_sim/webhooks/url': ({ webhooks }, { body }) => {
    const target = z
      .union([z.strictObject({ url: z.url(), secret: z.string().min(1) }), z.strictObject({ url: z.null() })])
      .parse(body);
    webhooks.target = target.url === null ? null : target;
    webhooks.pump();
    return shown(webhooks);
  },
  'POST /_sim/webhooks/resend': change(z.strictObject({ event: z.string() }), (tx, _id, { event }) => {
    tx.deliver(tx.need('events', event).id);
    return { event };
  }),

  'POST /_sim/reset': async ({ environment, faults, requests, webhooks }) => {
    faults.clear();
    requests.clear();
    webhooks.clear();
    await environment.store.reset();
    return {};
  },

  'POST /_sim/payment-methods/:id/behavior': change(cardBehavior.partial(), (tx, id, changes) => {
    const card = tx.need('cards', id);
    return tx.update('cards', card, { behavior: { ...card.behavior, ...changes } }).behavior;
  }),
  'POST /_sim/payment-methods/:id/update': change(
    z.strictObject({
      expMonth: z.int().min(1).max(12).optional(),
      expYear: z.int().optional(),
      number: z
        .string()
        .regex(/^\d{12,19}$/)
        .optional(),
    }),
    updateByNetwork,
  ),
  'POST /_sim/payment-intents/:id/confirm-by-owner': change(
    z.strictObject({ success: z.boolean() }),
    (tx, id, { success }) => answerPayment(tx, id, success).intent,
  ),
  'POST /_sim/payment-intents/:id/settle': change(
    z.strictObject({ declineCode: z.string().nullable().default(null) }),
    (tx, id, { declineCode }) => settlePending(tx, id, declineCode),
  ),
  'POST /_sim/setup-intents/:id/confirm-by-owner': change(
    z.strictObject({ success: z.boolean() }),
    (tx, id, { success }) => answerSetup(tx, id, success).intent,
  ),

  'POST /_sim/checkout-sessions/:id/submit': change(
    z.union([z.strictObject({ paymentMethod: z.string() }), z.strictObject({ provider: z.literal(true) })]),
    submitCheckout,
  ),

  'POST /_sim/disputes': change(
    z.strictObject({
      charge: z.string().optional(),
      paymentIntent: z.string().optional(),
      amount: z.int().positive().optional(),
      reason: z.enum(['fraudulent', 'product_not_received', 'inquiry']).default('fraudulent'),
    }),
    (tx, _id, { charge, paymentIntent, amount, reason }) => {
      const chargeId = charge ?? tx.need('payment_intents', paymentIntent ?? '').latest_charge;
      return openDispute(tx, tx.need('charges', chargeId as string), reason, amount);
    },
  ),
  'POST /_sim/disputes/:id/close': change(z.strictObject({ outcome: z.enum(['won', 'lost']) }), (tx, id, { outcome }) =>
    closeDispute(tx, tx.need('disputes', id), outcome),
  ),
  'POST /_sim/refunds/:id/fail': change(
    z.strictObject({ reason: z.string().default('lost_or_stolen_card') }),
    (tx, id, { reason }) => failRefund(tx, tx.need('refunds', id), reason),
  ),
};

function shown({ target, switches: state, owed }: WebhookSender): object {
  return { url: target?.url ?? null, ...state, owed };
}

export function createControl(simulator: Simulator): Control {
  return async (request, response, url, body) => {
    const segments = url.pathname.split('/');
    const asked = `${request.method ?? 'GET'} ${url.pathname}`;
    const withId = `${request.method ?? 'GET'} ${segments.map((segment, index) => (index === 3 ? ':id' : segment)).join('/')}`;
    const found = [asked, withId]
      .map((name) => (Object.hasOwn(switches, name) ? switches[name] : undefined))
      .find(Boolean);
    if (found === undefined) return sendJson(response, 404, { error: { message: `There is no switch ${asked}.` } });
    try {
      const input = {
        id: segments[3] ?? '',
        query: url.searchParams,
        body: body === '' ? {} : (JSON.parse(body) as unknown),
      };
      sendJson(response, 200, await found(simulator, input));
    } catch (error) {
      if (error instanceof StripeError) return sendJson(response, error.status, { error: error.body });
      if (error instanceof z.ZodError) return sendJson(response, 400, { error: { message: z.prettifyError(error) } });
      if (error instanceof SyntaxError) return sendJson(response, 400, { error: { message: error.message } });
      throw error;
    }
  };
}
