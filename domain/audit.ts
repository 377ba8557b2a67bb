/** Every change by a person that the audit log records (O5): its name, `<area>.<what was done>`, and how it is said. */
export const AUDIT_WORDS = {
  'account.change': 'the name or the tier was changed',
  'account.close': 'the account was closed',
  'account.create': 'the account was opened',
  'adjustment.post': 'the balance was adjusted',
  'auto_reload.configure': 'auto-reload was enabled, or its settings changed',
  'auto_reload.disable': 'auto-reload was disabled',
  'auto_reload.pause': 'auto-reload was paused',
  'auto_reload.resume': 'auto-reload was resumed',
  'batch.cancel': 'a batch was canceled',
  'batch.create': 'a batch was created',
  'customer.lost': 'the payment provider deleted the customer and its payment methods',
  'dataset.delete': 'an evaluation dataset was deleted',
  'dataset.upload': 'an evaluation dataset was uploaded',
  'dedicated_endpoint.put': 'a dedicated endpoint was made, or given another model',
  'dedicated_endpoint.remove': 'a dedicated endpoint was removed',
  'file.delete': 'a file was deleted',
  'file.upload': 'a file was uploaded',
  'key.create': 'a key was made',
  'key.revoke': 'a key was revoked',
  'limit_request.create': 'a higher limit was asked for',
  'limit_request.decide': 'a limit request was decided',
  'member.add': 'a member was added',
  'member.change': 'a member was changed',
  'member.confirm': 'a member confirmed their address',
  'member.remove': 'a member was removed',
  'model.put': 'a model or its prices were put in the catalogue',
  'payment.confirm': 'the link to confirm a payment was used',
  'payment.refund': 'a payment was refunded',
  'payment_method.add': 'a payment method was added',
  'payment_method.change': 'the role of a payment method was changed',
  'payment_method.refuse': 'a payment method was not kept: the account has as many as it may have',
  'payment_method.remove': 'a payment method was removed',
  'payment_method.update': 'the provider told of a change of a payment method',
  'prepayment.begin': 'a prepayment was begun',
  'reconcile.ask': 'a reconciliation was asked for',
  'reload.abandon': 'canceling a closed reload was given up',
  'session.begin': 'somebody signed in to the console',
  'suspension.lift': 'a suspension was lifted',
  'suspension.set': 'access was suspended',
  'usage.reverse': 'the cost of a usage event was given back',
  'webhook.add': 'a webhook endpoint was added',
  'webhook.remove': 'a webhook endpoint was removed',
  'webhook.rotate': 'a webhook endpoint got a new signing secret',
  'webhook.test': 'a test was sent to a webhook endpoint',
} as const;

export type AuditAction = keyof typeof AUDIT_WORDS;
type AreaOf<Action extends string> = Action extends `${infer Area}.${string}` ? Area : never;
/** A kind of thing that people change. */
export type AuditArea = AreaOf<AuditAction>;

const words: ReadonlyMap<string, string> = new Map(Object.entries(AUDIT_WORDS));
/** What was done; one that is of another release, and has no words in this one, by its name. */
export const auditInWords = (action: string): string =>
  words.get(action) ?? action.replace('.', ': ').replaceAll('_', ' ');
