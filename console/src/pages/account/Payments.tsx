/** What the account has paid, to give it back in part or whole (P5). */
import { usePaged } from '../../api/paged';
import { reloadsList } from '../../api/autoReload';
import { prepaymentsList } from '../../api/payments';
import { useWindows } from '../../components/useWindow';
import { Prepayments } from '../../features/payment/Prepayments';
import { refundablePrepayment, refundableReload } from '../../features/payment/refundable';
import { Reloads } from '../../features/payment/Reloads';
import { RefundDialog } from './RefundDialog';

export function Payments({ id }: { id: string }) {
  const prepayments = usePaged(prepaymentsList(id));
  const reloads = usePaged(reloadsList(id));
  const { shown, of, open, close } = useWindows('payment');
  const refund = (key: string): void => open('refund', key);
  const refundable = [...prepayments.rows.map(refundablePrepayment), ...reloads.rows.map(refundableReload)]
    .filter((one) => one !== null)
    .toSorted((a, b) => (a.at < b.at ? 1 : -1));
  const isKnown = prepayments.head.data !== undefined && reloads.head.data !== undefined;
  return (
    <>
      <Prepayments list={prepayments} fileName={`prepayments-${id}`} mayPay={false} onRefund={refund} />
      <Reloads accountId={id} list={reloads} fileName={`reloads-${id}`} mayAskWhy onRefund={refund} />
      {shown === 'refund' && isKnown && (
        <RefundDialog key={of} accountId={id} payments={refundable} chosen={of} onClose={close} />
      )}
    </>
  );
}
