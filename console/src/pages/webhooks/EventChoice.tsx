/** All events, or some of them. */
import { useId } from 'react';
import type { WebhookEndpoint } from '../../api/webhooks';
import { text } from '../../text';
import styles from './Webhooks.module.css';

const words = text.webhooks;
const kinds = Object.entries(text.notices.kinds) as [Event, string][];
type Event = WebhookEndpoint['events'][number];
type Props = { events: Event[]; onChange: (events: Event[]) => void };

export function EventChoice({ events, onChange }: Props) {
  const name = useId();
  const isAll = events.includes('*');
  const toggle = (kind: Event): void =>
    onChange(events.includes(kind) ? events.filter((one) => one !== kind) : [...events, kind]);
  return (
    <fieldset className={styles.events}>
      <legend>{words.events}</legend>
      <label>
        <input type="radio" name={name} checked={isAll} onChange={() => onChange(['*'])} />
        {words.allEvents}
      </label>
      <label>
        <input type="radio" name={name} checked={!isAll} onChange={() => onChange([])} />
        {words.someEvents}
      </label>
      {!isAll && (
        <div className={styles.kinds}>
          {kinds.map(([kind, word]) => (
            <label key={kind}>
              <input type="checkbox" checked={events.includes(kind)} onChange={() => toggle(kind)} />
              {word}
            </label>
          ))}
        </div>
      )}
    </fieldset>
  );
}
