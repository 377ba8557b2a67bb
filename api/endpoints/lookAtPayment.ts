/** Looks what has become of a payment, and lets in at once who has paid (P2, P3, S5). */
import type { Payment } from '../../ledger/payments/payment';
import { syncPayment, type Look } from '../../payments/syncPayment';
import type { PaymentServices } from '../services';
import { tellNews } from './tellNews';

export async function lookAtPayment(payment: Payment, services: PaymentServices): Promise<Look> {
  const look = await syncPayment(services, payment, services.clock.now());
  if (look.news.outcome !== 'nothing new') await tellNews(look.news, services);
  return look;
}
