import { useQuery } from '@tanstack/react-query';
import { Bell } from 'lucide-react';
import { Link } from 'wouter';
import { lastNoticesQuery } from '../../api/notices';
import { Card } from '../../components/Card';
import { Empty, Loaded } from '../../components/States';
import { formatTime } from '../../format/time';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import { wordFor } from '../../text/word';
import styles from './Overview.module.css';

const words = text.overview;
const SHOWN = 5;

/** What owners were told lately. */
export function Notices() {
  const notices = useQuery(lastNoticesQuery(useAccountId(), SHOWN));
  return (
    <Card title={words.notices} action={<Link href="/notices">{words.allNotices}</Link>}>
      <Loaded query={notices}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty icon={Bell} title={words.noNotices}>
              {words.noNoticesWhy}
            </Empty>
          ) : (
            <ul className={styles.rows}>
              {data.map(({ id, kind, at }) => (
                <li key={id}>
                  <span>{wordFor(text.notices.kinds, kind)}</span>
                  <time className={styles.end} dateTime={at}>
                    {formatTime(at)}
                  </time>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}
