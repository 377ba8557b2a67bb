/** What the worker bundles. */
export { balance } from './balance';
export { confirmation } from './confirmation';
export { prepayment } from './prepayment';
export { reconcile } from './reconcile';
export { webhookDelivery } from './webhookDelivery';
