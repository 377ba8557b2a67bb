/** Reads one refund request (P5). */
import type { Tx } from '../db';
import { type RefundRequest, type Row, toRequest } from './refundRequest';

export async function readRefundRequest(tx: Tx, requestId: string): Promise<RefundRequest | null> {
  const { rows } = await tx.query<Row>('select * from refund_requests where id = $1', [requestId]);
  return rows[0] ? toRequest(rows[0]) : null;
}
