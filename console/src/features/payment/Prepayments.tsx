/** One-time payments by owners. */
import { Wallet } from 'lucide-react';
import { Link } from 'wouter';
import type { Schemas } from '../../api/client';
import type { Paged } from '../../api/paged';
import { ButtonLink } from '../../components/Button';
import { Card } from '../../components/Card';
import { PagedTable } from '../../components/PagedTable';
import { PaymentStatus } from '../../components/PaymentStatus';
import { RowAction, RowActions } from '../../components/RowActions';
import { Empty } from '../../components/States';
import type { Column } from '../../components/Table';
import { formatMoney } from '../../format/money';
import { formatMoment, formatTime } from '../../format/time';
import { text } from '../../text';
import { moneyColumns } from './moneyColumns';
import { refundablePrepayment, refundKey } from './refundable';
import { WithNote } from '../../components/WithNote';

const words = text.payments;
type Row = Schemas['Prepayment'];

type Props = {
  list: Paged<Row>;
  fileName?: string;
  /** Whether who looks pays: then the way to a payment, and to one that waits for them, is there. */
  mayPay: boolean;
  /** Left out: who looks may give nothing back. */
  onRefund?: (key: string) => void;
};

export const Prepayments = ({ list, fileName = 'prepayments', mayPay, onRefund }: Props) => (
  <Card title={words.prepayments}>
    <PagedTable
      list={list}
      caption={words.prepayments}
      columns={onRefund ? [...columnsOf(mayPay), refundOf(onRefund)] : columnsOf(mayPay)}
      name="prepayments"
      fileName={fileName}
      empty={
        <Empty
          icon={Wallet}
          title={words.noPrepayments}
          action={mayPay && <ButtonLink href="/pay">{text.overview.addPrepayment}</ButtonLink>}
        >
          {words.noPrepaymentsWhy}
        </Empty>
      }
    />
  </Card>
);

const columnsOf = (mayPay: boolean): readonly Column<Row>[] => [
  {
    key: 'at',
    heading: words.columns.at,
    cell: ({ at }) => <time dateTime={at}>{formatTime(at)}</time>,
    order: ({ at }) => at,
  },
  {
    key: 'status',
    heading: words.columns.status,
    cell: ({ id, status, unpaidAtCheckout, detail, at }) => (
      <WithNote>
        <PaymentStatus status={unpaidAtCheckout ? 'unpaid' : status} />
        {detail && <small>{detail}</small>}
        {mayPay && status === 'requires_action' && (
          <Link href={`/pay?payment=${id}`} aria-label={words.confirmOf(formatMoment(at))}>
            {words.confirm}
          </Link>
        )}
        {mayPay && unpaidAtCheckout && (
          <Link href={`/pay?payment=${id}`} aria-label={words.toPageOf(formatMoment(at))}>
            {words.toPage}
          </Link>
        )}
      </WithNote>
    ),
  },
  {
    key: 'receipt',
    heading: words.columns.receipt,
    cell: ({ receiptUrl, at }) =>
      receiptUrl ? (
        <a href={receiptUrl} aria-label={words.receiptOf(formatMoment(at))}>
          {words.columns.receipt}
        </a>
      ) : (
        '–'
      ),
  },
  ...moneyColumns,
];

const refundOf = (onRefund: (key: string) => void): Column<Row> => ({
  key: 'actions',
  heading: words.columns.actions,
  cell: (row) => {
    const payment = refundablePrepayment(row);
    return (
      <RowActions>
        {payment && (
          <RowAction
            label={text.accounts.refund}
            of={text.accounts.paymentOf(formatMoney(row.amount), formatMoment(row.at))}
            onClick={() => onRefund(refundKey(payment))}
          />
        )}
      </RowActions>
    );
  },
});
