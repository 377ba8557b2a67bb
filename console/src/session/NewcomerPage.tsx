/** Somebody else is signed in in this browser by now: what was done here as the one before is not gone on with in silence. */
import { useQueryClient } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { Button } from '../components/Button';
import { text } from '../text';
import { forget, takeOver } from './presence';
import type { Session } from './session';
import styles from './SignIn.module.css';

const words = text.newcomer;

export function NewcomerPage({ before, now }: { before: Session; now: Session }) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const goOn = (): void => {
    navigate('/', { replace: true });
    takeOver(queries, now);
    forget(queries);
  };
  return (
    <main className={styles.page}>
      <div className={styles.card} role="status">
        <h1>{words.title}</h1>
        <p>{words.why(nameOf(before), nameOf(now))}</p>
        <p>{words.next}</p>
        <Button look="primary" onClick={goOn}>
          {words.goOn(nameOf(now))}
        </Button>
      </div>
    </main>
  );
}

function nameOf({ member, role, accountId, accounts }: Session): string {
  if (!member) return text.user.roles[role];
  return words.memberOf(member.name, accounts.find(({ id }) => id === accountId)?.name ?? '');
}
