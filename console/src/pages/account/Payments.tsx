/** What the account has paid, to give it back in part or whole (P5). */
import { Wallet } from 'lucide-react';
import { useState } from 'react';
import { usePaged } from '../../api/paged';
import { reloadsList, type Reload } from '../../api/autoReload';
import { prepaymentsList } from '../../api/payments';
import type { Schemas } from '../../api/client';
import { Card } from '../../components/Card';
import { Money } from '../../components/Money';
import { PagedTable } from '../../components/PagedTable';
import { PaymentStatus } from '../../components/PaymentStatus';
import { RowAction, RowActions } from '../../components/RowActions';
import { Empty } from '../../components/States';
import type { Column } from '../../components/Table';
import { formatMoney, toNano } from '../../format/money';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import { RefundDialog, type Refundable } from './RefundDialog';

const words = text.accounts;
type Row = { at: string; status: Schemas['Prepayment']['status'] | 'charging' | 'waiting' | 'unknown'; amount: string };

export function Payments({ id }: { id: string }) {
  const prepayments = usePaged(prepaymentsList(id));
  const reloads = usePaged(reloadsList(id));
  const [refunding, setRefunding] = useState<Refundable | null>(null);
  return (
    <>
      <Card title={words.prepayments}>
        <PagedTable
          list={prepayments}
          caption={words.prepayments}
          columns={columnsOf<Schemas['Prepayment']>(
            ({ id: prepaymentId, amount, refunded, status }) =>
              status === 'succeeded' && toNano(refunded) < toNano(amount)
                ? { kind: 'prepayment', id: prepaymentId, amount }
                : null,
            setRefunding,
          )}
          name="prepayments"
          fileName={`prepayments-${id}`}
          empty={<Empty icon={Wallet} title={words.noPrepayments} />}
        />
      </Card>
      <Card title={words.reloadsTitle}>
        <PagedTable
          list={reloads}
          caption={words.reloadsTitle}
          columns={columnsOf<Reload>(
            ({ number, amount, status }) => (status === 'succeeded' ? { kind: 'reload', number, amount } : null),
            setRefunding,
          )}
          name="reloads"
          fileName={`reloads-${id}`}
          empty={<Empty icon={Wallet} title={words.noReloads} />}
        />
      </Card>
      {refunding && <RefundDialog accountId={id} payment={refunding} onClose={() => setRefunding(null)} />}
    </>
  );
}

/** @param refundable null: nothing of it can be given back */
const columnsOf = <One extends Row>(
  refundable: (row: One) => Refundable | null,
  onRefund: (payment: Refundable) => void,
): Column<One>[] => [
  {
    key: 'at',
    heading: words.paymentColumns.at,
    cell: ({ at }) => <time dateTime={at}>{formatTime(at)}</time>,
  },
  {
    key: 'status',
    heading: words.paymentColumns.status,
    cell: ({ status }) => <PaymentStatus status={status} />,
  },
  {
    key: 'amount',
    heading: words.paymentColumns.amount,
    cell: ({ amount }) => <Money amount={amount} />,
    isNumber: true,
  },
  {
    key: 'actions',
    heading: words.paymentColumns.actions,
    cell: (row) => {
      const payment = refundable(row);
      return (
        <RowActions>
          {payment && (
            <RowAction
              label={words.refund}
              of={words.paymentOf(formatMoney(row.amount), formatTime(row.at))}
              onClick={() => onRefund(payment)}
            />
          )}
        </RowActions>
      );
    },
  },
];
