/** What a page or a card shows when it has nothing to show: empty, loading, failed, forbidden. */
import type { UseQueryResult } from '@tanstack/react-query';
import type { LucideIcon } from 'lucide-react';
import { CircleAlert, Lock } from 'lucide-react';
import type { ReactNode } from 'react';
import { isLost, ProblemError } from '../api/problem';
import { text } from '../text';
import { Button } from './Button';
import { Card } from './Card';
import { Notice } from './Notice';
import styles from './States.module.css';

/** Says why there is nothing, and offers one action. */
export function Empty({
  icon: Icon,
  title,
  children,
  action,
}: {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={styles.state}>
      <Icon size={22} aria-hidden="true" />
      <p className={styles.title}>{title}</p>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

/**
 * Something is coming. What stands below it, in an element of the class `in-order`, is shown when it has come.
 * @param lines how many lines of it
 * @param hasRoom it has its place already: what stands below is shown
 */
export function Loading({ lines = 3, hasRoom = false }: { lines?: number; hasRoom?: boolean }) {
  return (
    <div className={styles.loading} role="status" data-loading={hasRoom ? undefined : ''}>
      <span className="visually-hidden">{text.states.loading}</span>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} className={styles.bar} aria-hidden="true" />
      ))}
    </div>
  );
}

export const Forbidden = () => (
  <Empty icon={Lock} title={text.states.forbidden}>
    {text.states.forbiddenWhy}
  </Empty>
);

export function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  if (error instanceof ProblemError && error.code === 'forbidden') return <Forbidden />;
  return (
    <Empty
      icon={CircleAlert}
      title={isLost(error) ? text.states.unreachable : text.states.failed}
      action={<Button onClick={onRetry}>{text.states.retry}</Button>}
    >
      {isLost(error) ? text.states.unreachableWhy : (error as Error).message}
    </Empty>
  );
}

type Read<T> = Pick<UseQueryResult<T>, 'data' | 'error' | 'refetch'>;

/** Of a part that is there without it: says what could not be loaded. */
export function Unread({ what, query: { data, error, refetch } }: { what: string; query: Read<unknown> }) {
  if (data !== undefined || !error) return null;
  return (
    <Notice
      tone="bad"
      action={
        <Button onClick={() => void refetch()} aria-label={text.table.actionFor(text.states.retry, what)}>
          {text.states.retry}
        </Button>
      }
    >
      {text.states.unread(what)}
    </Notice>
  );
}

type LoadedProps<T> = {
  query: Read<T>;
  lines?: number;
  /** Pixels in height that it has in any state, where that is known. Left out: what stands below waits for it. */
  room?: number;
  /** Shown when there is no such thing, which trying again does not change. */
  missing?: ReactNode;
  /** Where what is read has cards of its own: the heading of the one that stands there until then. Every state stands in a card. */
  card?: string;
  children: (data: T) => ReactNode;
};

/** What was read, or the state it is in. What is there stays while it is read again, also when that fails. */
export function Loaded<T>({ room, card, ...read }: LoadedProps<T>) {
  const loaded = <LoadedHere {...read} />;
  if (card !== undefined && read.query.data === undefined) return <Card title={card}>{loaded}</Card>;
  if (room === undefined) return loaded;
  return (
    <div className={styles.room} style={{ minHeight: room }}>
      <LoadedHere {...read} hasRoom />
    </div>
  );
}

function LoadedHere<T>({
  query,
  lines,
  missing,
  hasRoom = false,
  children,
}: Omit<LoadedProps<T>, 'room' | 'card'> & { hasRoom?: boolean }) {
  if (query.data !== undefined) return children(query.data);
  if (missing && query.error instanceof ProblemError && query.error.isOurs && query.error.status === 404)
    return missing;
  if (query.error) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  return <Loading hasRoom={hasRoom} {...(lines !== undefined && { lines })} />;
}
