/** Why money came or went: what brings such a line at all, and what was decided about it, in the decision log's own sentences (A15). */
import { useQuery } from '@tanstack/react-query';
import { Scale } from 'lucide-react';
import { whyQuery, type Charge } from '../../api/transactions';
import { Dialog } from '../../components/Dialog';
import { Said } from '../../components/Said';
import { Empty, Loaded } from '../../components/States';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import { wordFor } from '../../text/word';
import styles from './WhyDialog.module.css';

const words = text.decisions;

/** What is no charge of auto-reload: its kind says why it is there, also where nothing was decided about it. */
const BY_KIND = new Map<string, string>(Object.entries(words.byKind));
/** Whether there is an answer to why a line of this kind is there. The others say it themselves. */
export const hasWhy = (kind: string): boolean => kind === 'reload' || BY_KIND.has(kind);

type Props = {
  accountId: string;
  charge: Charge;
  /** Of a line of the ledger. */
  kind?: string;
  onClose: () => void;
};

export function WhyDialog({ accountId, charge, kind = 'reload', onClose }: Props) {
  const why = useQuery(whyQuery(accountId, charge));
  const title = 'reload' in charge ? words.whyReload(charge.reload) : words.whyTransaction(charge.transaction);
  const because = BY_KIND.get(kind);
  return (
    <Dialog title={title} isOpen onClose={onClose}>
      {because && <p>{because}</p>}
      <Loaded query={why}>
        {({ data }) =>
          data.length > 0 ? (
            <ol className={styles.decisions}>
              {data.toReversed().map(({ at, kind, because }) => (
                <li key={`${at} ${kind}`}>
                  <p>
                    <Said>{because}</Said>
                  </p>
                  <small>
                    {wordFor(words.kinds, kind)}, <time dateTime={at}>{formatTime(at)}</time>
                  </small>
                </li>
              ))}
            </ol>
          ) : (
            !because && (
              <Empty icon={Scale} title={words.unknown}>
                {words.unknownWhy}
              </Empty>
            )
          )
        }
      </Loaded>
    </Dialog>
  );
}
