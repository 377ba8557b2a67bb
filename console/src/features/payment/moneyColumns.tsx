import { Money } from '../../components/Money';
import type { Column } from '../../components/Table';
import { isZero, toNano } from '../../format/money';
import { text } from '../../text';

const words = text.payments;

/** What was paid, and what of it was given back. */
export const moneyColumns: readonly Column<{ amount: string; refunded: string }>[] = [
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
