import { Wallet } from 'lucide-react';
import { Link } from 'wouter';
import type { Schemas } from '../../api/client';
import { usePaged } from '../../api/paged';
import { prepaymentsList } from '../../api/payments';
import { ButtonLink } from '../../components/Button';
import { Card } from '../../components/Card';
import { Money } from '../../components/Money';
import { PagedTable } from '../../components/PagedTable';
import { PaymentStatus } from '../../components/PaymentStatus';
import { Empty } from '../../components/States';
import type { Column } from '../../components/Table';
import { isZero, toNano } from '../../format/money';
import { formatTime } from '../../format/time';
import { useAccountId, useRole } from '../../session/session';
import { text } from '../../text';
import styles from './Payments.module.css';

const words = text.payments;
type Row = Schemas['Prepayment'];

const columnsOf = (isOwner: boolean): readonly Column<Row>[] => [
  {
    key: 'at',
    heading: words.columns.at,
    cell: ({ at }) => <time dateTime={at}>{formatTime(at)}</time>,
    order: ({ at }) => at,
  },
  {
    key: 'status',
    heading: words.columns.status,
    cell: ({ id, status, detail, at }) => (
      <span className={styles.unusable}>
        <PaymentStatus status={status} />
        {detail && <small>{detail}</small>}
        {isOwner && status === 'requires_action' && (
          <Link href={`/pay?payment=${id}`} aria-label={words.confirmOf(formatTime(at))}>
            {words.confirm}
          </Link>
        )}
      </span>
    ),
  },
  {
    key: 'receipt',
    heading: words.columns.receipt,
    cell: ({ receiptUrl, at }) =>
      receiptUrl ? (
        <a href={receiptUrl} aria-label={words.receiptOf(formatTime(at))}>
          {words.columns.receipt}
        </a>
      ) : (
        '–'
      ),
  },
  {
    key: 'refunded',
    heading: words.columns.refunded,
    cell: ({ refunded }) => (isZero(refunded) ? '–' : <Money amount={refunded} />),
    isNumber: true,
  },
  {
    key: 'amount',
    heading: words.columns.amount,
    cell: ({ amount }) => <Money amount={amount} />,
    order: ({ amount }) => toNano(amount),
    isNumber: true,
  },
];

/** One-time payments by owners. */
export function Prepayments() {
  const isOwner = useRole() === 'owner';
  const list = usePaged(prepaymentsList(useAccountId()));
  return (
    <Card title={words.prepayments}>
      <PagedTable
        list={list}
        caption={words.prepayments}
        columns={columnsOf(isOwner)}
        name="prepayments"
        empty={
          <Empty
            icon={Wallet}
            title={words.noPrepayments}
            action={isOwner && <ButtonLink href="/pay">{text.overview.addPrepayment}</ButtonLink>}
          >
            {words.noPrepaymentsWhy}
          </Empty>
        }
      />
    </Card>
  );
}
