/** What the worker bundles. */
export { balance } from './balance';
export { batchJob } from './batchJob';
export { confirmation } from './confirmation';
export { limitRequest } from './limitRequest';
export { prepayment } from './prepayment';
export { reconcile } from './reconcile';
export { webhookDelivery } from './webhookDelivery';
