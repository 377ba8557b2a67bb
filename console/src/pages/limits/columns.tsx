import type { Limit } from '../../api/limits';
import { Bar } from '../../components/Bar';
import { RowAction, RowActions } from '../../components/RowActions';
import type { Column } from '../../components/Table';
import { limitAmount, limitName } from '../../features/limits/limitName';
import { text } from '../../text';
import styles from './Limits.module.css';

const words = text.limits;
/** What the address calls it, `batch.enqueued_tokens <model>`. */
export const keyOf = ({ key, model }: Limit): string => [key, model].filter(Boolean).join(' ');

export const nameOf = (limit: Limit): string =>
  limit.key === 'batch.enqueued_tokens' && limit.model === undefined
    ? `${limitName(limit)}, ${words.everyModel.toLowerCase()}`
    : limitName(limit);

/** Whether there is more that may be asked for. */
export const canRaise = ({ limit, raisableTo }: Limit): boolean => raisableTo !== null && limit < raisableTo;

/** @param onAsk null: who looks may not ask */
export const columnsOf = (onAsk: ((limit: string) => void) | null): Column<Limit>[] => [
  {
    key: 'key',
    heading: words.columns.name,
    cell: (limit) => (
      <span className={styles.name}>
        {words.names[limit.key]}
        <small>{limit.model ?? (limit.key === 'batch.enqueued_tokens' ? words.everyModel : null)}</small>
      </span>
    ),
    csv: ({ key }) => key,
  },
  { key: 'model', heading: words.columns.model, csv: ({ model }) => model ?? '' },
  {
    key: 'used',
    heading: words.columns.used,
    cell: (limit) => <Use limit={limit} />,
    csv: ({ used }) => (used === null ? '' : String(used)),
  },
  {
    key: 'limit',
    heading: words.columns.limit,
    cell: (limit) => limitAmount(limit.limit, limit),
    csv: ({ limit }) => String(limit),
    isNumber: true,
  },
  { key: 'unit', heading: words.columns.unit, csv: ({ unit }) => unit },
  { key: 'tier', heading: words.columns.tier, csv: ({ tier }) => tier },
  ...(onAsk
    ? [
        {
          key: 'actions',
          heading: words.columns.actions,
          cell: (limit: Limit) => (
            <RowActions>
              {canRaise(limit) && (
                <RowAction label={words.ask} of={nameOf(limit)} onClick={() => onAsk(keyOf(limit))} />
              )}
            </RowActions>
          ),
        },
      ]
    : []),
];

function Use({ limit }: { limit: Limit }) {
  const { used, limit: most, key } = limit;
  if (used === null) return <small className={styles.resets}>{words.resets[key]}</small>;
  const amount = limitAmount(used, limit);
  return (
    <span className={styles.use}>
      <Bar used={used} limit={most} label={words.usedOf(nameOf(limit), amount, limitAmount(most, limit))} />
      <span>{amount}</span>
      <small className={styles.resets}>{words.resets[key]}</small>
    </span>
  );
}
