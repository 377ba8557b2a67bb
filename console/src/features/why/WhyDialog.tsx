/** Why a charge was made, or failed: what was decided about it, in the decision log's own sentences (A15). */
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

type Props = { accountId: string; charge: Charge; onClose: () => void };

export function WhyDialog({ accountId, charge, onClose }: Props) {
  const why = useQuery(whyQuery(accountId, charge));
  const title = 'reload' in charge ? words.whyReload(charge.reload) : words.whyTransaction(charge.transaction);
  return (
    <Dialog title={title} isOpen onClose={onClose}>
      <Loaded query={why}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty icon={Scale} title={words.unknown}>
              {words.unknownWhy}
            </Empty>
          ) : (
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
          )
        }
      </Loaded>
    </Dialog>
  );
}
