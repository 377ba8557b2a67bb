// The switches under /, with which tests steer the simulator. Not a part of Stripe.
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import { cardBehavior } from './cardBehavior';
import { answerPayment, answerSetup, settlePending, submitCheckout } from './checkoutCompletion';
import { closeDispute, openDispute } from './disputes';
import { StripeError } from './errors';
import { faultRule, type Faults } from './faults';
import type { OwedEvents } from './owedEvents';
import { updateByNetwork } from './paymentMethods';
import { failRefund } from './refunds';
import type { RequestLog } from './requestLog';
import { all, runWork, type Environment, type Transaction } from './transaction';
import type { WebhookSender } from './webhooks';

export type Simulator = {
  environment: Environment;
  faults: Faults;
  requests: RequestLog;
  webhooks: WebhookSender;
  owed: OwedEvents;
};

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
  'GET /faults': ({ faults }) => faults.list(),
  'POST /faults': ({ faults }, { body }) => faults.add(z.array(faultRule).parse([body].flat())),
  'DELETE /faults': ({ faults }) => {
    faults.clear();
    return [];
  },

  'GET /requests': ({ requests }, { query }) => {
    const path = new RegExp(query.get('path') ?? '');
    const method = query.get('method');
    return requests
      .list()
      .filter((request) => path.test(request.path) && (method === null || request.method === method));
  },
  'DELETE /requests': ({ requests }) => {
    requests.clear();
    return [];
  },

  'DELETE /idempotency-keys': async ({ environment }) => {
    await environment.store.forgetKeys();
    return [];
  },

  'GET /charges': async ({ environment }, { query }) => {
    const wanted = (['payment_intent', 'customer', 'status'] as const).filter((field) => query.get(field) !== null);
    const indexed = wanted.find((field) => field !== 'status');
    const where = indexed && { field: indexed, equals: query.get(indexed)! };
    const charges = await runWork(environment, NO_ORIGIN, (tx) => all(tx.newest('charges', { where })));
    return charges.reverse().filter((charge) => wanted.every((field) => query.get(field) === charge[field]));
  },

  'GET /webhooks': shown,
  'POST /webhooks': (simulator, { body }) => {
    simulator.webhooks.set(
      z
        .strictObject({
          paused: z.boolean().optional(),
          copies: z.int().min(1).max(100).optional(),
          reorder: z.boolean().optional(),
        })
        .parse(body),
    );
    return shown(simulator);
  },
  'POST /webhooks/url': (simulator, { body }) => {
    const target = z
      .union([z.strictObject({ url: z.url(), secret: z.string().min(1) }), z.strictObject({ url: z.null() })])
      .parse(body);
    simulator.webhooks.target = target.url === null ? null : target;
    simulator.webhooks.pump();
    return shown(simulator);
  },
  'POST /webhooks/resend': change(z.strictObject({ event: z.string() }), async (tx, _id, { event }) => {
    tx.deliver(await tx.need('events', event));
    return { event };
  }),

  'POST /reset': async ({ environment, faults, requests, webhooks }) => {
    faults.clear();
    requests.clear();
    webhooks.clear();
    await environment.store.reset();
    return {};
  },

  'POST /payment-methods/:id/behavior': change(cardBehavior.partial(), async (tx, id, changes) => {
    const card = await tx.need('cards', id);
    return tx.update('cards', card, { behavior: { ...card.behavior, ...changes } }).behavior;
  }),
  'POST /payment-methods/:id/update': change(
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
  'POST /payment-intents/:id/confirm-by-owner': change(
    z.strictObject({ success: z.boolean() }),
    async (tx, id, { success }) => (await answerPayment(tx, id, success)).intent,
  ),
  'POST /payment-intents/:id/settle': change(
    z.strictObject({ declineCode: z.string().nullable().default(null) }),
    (tx, id, { declineCode }) => settlePending(tx, id, declineCode),
  ),
  'POST /setup-intents/:id/confirm-by-owner': change(
    z.strictObject({ success: z.boolean() }),
    async (tx, id, { success }) => (await answerSetup(tx, id, success)).intent,
  ),

  'POST /checkout-sessions/:id/submit': change(
    z.union([z.strictObject({ paymentMethod: z.string() }), z.strictObject({ provider: z.literal(true) })]),
    submitCheckout,
  ),

  'POST /disputes': change(
    z.strictObject({
      charge: z.string().optional(),
      paymentIntent: z.string().optional(),
      amount: z.int().positive().optional(),
      reason: z.enum(['fraudulent', 'product_not_received', 'inquiry']).default('fraudulent'),
    }),
    async (tx, _id, { charge, paymentIntent, amount, reason }) => {
      const chargeId = charge ?? (await tx.need('payment_intents', paymentIntent ?? '')).latest_charge;
      return openDispute(tx, await tx.need('charges', chargeId as string), reason, amount);
    },
  ),
  'POST /disputes/:id/close': change(
    z.strictObject({ outcome: z.enum(['won', 'lost']) }),
    async (tx, id, { outcome }) => closeDispute(tx, await tx.need('disputes', id), outcome),
  ),
  'POST /refunds/:id/fail': change(
    z.strictObject({ reason: z.string().default('lost_or_stolen_card') }),
    async (tx, id, { reason }) => failRefund(tx, await tx.need('refunds', id), reason),
  ),
};

async function shown({ webhooks, owed }: Simulator): Promise<object> {
  return { url: webhooks.target?.url ?? null, ...webhooks.switches, owed: await owed.count() };
}

/** A router for what lies under /_sim. */
export function createControl(simulator: Simulator): Router {
  const router = express.Router();
  for (const [name, found] of Object.entries(switches)) {
    const [method, pattern] = name.split(' ') as [string, string];
    router[method.toLowerCase() as 'get' | 'post' | 'delete'](pattern, async (request: Request, response: Response) => {
      const body = (request.body as string | undefined) ?? '';
      const input = {
        id: String(request.params.id ?? ''),
        query: new URLSearchParams(request.url.split('?')[1]),
        body: body === '' ? {} : (JSON.parse(body) as unknown),
      };
      response.json(await found(simulator, input));
    });
  }
  router.use((request: Request, response: Response) => {
    response.status(404).json({ error: { message: `There is no switch ${request.method} ${request.originalUrl}.` } });
  });
  router.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (error instanceof StripeError) response.status(error.status).json({ error: error.body });
    else if (error instanceof z.ZodError) response.status(400).json({ error: { message: z.prettifyError(error) } });
    else if (error instanceof SyntaxError) response.status(400).json({ error: { message: error.message } });
    else next(error);
  });
  return router;
}
