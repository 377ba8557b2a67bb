/** Names of what the audit log records: `<area>.<what was done>`. An area is a kind of thing that people change. */
export type AuditArea =
  | 'account'
  | 'adjustment'
  | 'auto_reload'
  | 'batch'
  | 'customer'
  | 'dataset'
  | 'dedicated_endpoint'
  | 'file'
  | 'key'
  | 'limit_request'
  | 'member'
  | 'model'
  | 'payment'
  | 'payment_method'
  | 'prepayment'
  | 'reconcile'
  | 'reload'
  | 'session'
  | 'suspension'
  | 'usage'
  | 'webhook';

export type AuditAction = `${AuditArea}.${string}`;
