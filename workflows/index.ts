/** What the worker bundles. */
export { balance } from './balance';
export { prepayment } from './prepayment';
