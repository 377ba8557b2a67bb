/** Tells gate and workflow of an account that something has changed about its payments: sooner than feed and relay do. */
import type { AppliedNews } from '../../payments/news';
import { paymentMethodsChangedSignal, paymentSettledSignal } from '../../workflows/messages';
import type { Uses } from '../services';

/** Whoever has paid is let in before the answer is given (S5). */
export async function tellNews(
  { accountId, methodsChanged }: AppliedNews,
  { gates, signals }: Uses<'gates' | 'signals'>,
): Promise<void> {
  if (accountId === null) return;
  signals.tell(accountId, methodsChanged ? paymentMethodsChangedSignal : paymentSettledSignal);
  await gates.look(accountId);
}
