/** Leads to any page, account or action by typing: arrow keys choose, Enter goes. The field keeps the focus all the time. */
import { useEffect, useId, useState, type KeyboardEvent } from 'react';
import { Dialog } from '../../components/Dialog';
import { useSession } from '../../session/session';
import { text } from '../../text';
import { useGroups } from './entries';
import type { Entry } from './entry';
import styles from './Palette.module.css';
import { PaletteField } from './PaletteField';

const words = text.palette;
const STEPS = new Map([
  ['ArrowDown', 1],
  ['ArrowUp', -1],
]);

type Props = {
  onClose: () => void;
  /** What was typed before this was loaded. */
  typed: string;
  /** Whether Enter was pressed then, after that. */
  isEntered: boolean;
};

export default function Palette({ onClose, typed, isEntered }: Props) {
  const { role } = useSession();
  const [query, setQuery] = useState(typed);
  const [place, setPlace] = useState(0);
  // Not deferred: Enter runs what fits the text that is typed, however soon it is pressed.
  const groups = useGroups(query);
  const entries = groups.flatMap((group) => group.entries);
  const chosen = entries[Math.min(place, entries.length - 1)];
  const id = useId();
  useEffect(() => {
    // Newer browsers answer with a promise, which is no clean-up of an effect.
    void document.getElementById(`${id}-${chosen?.id}`)?.scrollIntoView({ block: 'nearest' });
  }, [id, chosen?.id]);

  const run = (entry: Entry | undefined): void => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  useEffect(() => {
    if (isEntered) run(chosen);
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = STEPS.get(event.key);
    if (event.key === 'Enter') run(chosen);
    else if (step !== undefined && entries.length > 0)
      setPlace((Math.min(place, entries.length - 1) + step + entries.length) % entries.length);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={words.title} isOpen onClose={onClose}>
      <PaletteField
        aria-controls={`${id}-list`}
        aria-activedescendant={chosen && `${id}-${chosen.id}`}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setPlace(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id={`${id}-list`} className={styles.list} role="listbox" aria-label={words.title}>
        {groups.map(({ name, entries: inside }) => (
          <div key={name} role="group" aria-label={name}>
            <p className={styles.name} aria-hidden="true">
              {name}
            </p>
            {inside.map((entry) => (
              <div
                key={entry.id}
                id={`${id}-${entry.id}`}
                className={styles.entry}
                role="option"
                aria-selected={entry === chosen}
                onClick={() => run(entry)}
              >
                {entry.label}
                {entry.note && <small>{entry.note}</small>}
              </div>
            ))}
          </div>
        ))}
      </div>
      {entries.length === 0 && (
        <p className={styles.name} role="status">
          {role === 'admin' ? words.noneForAdmin : words.none}
        </p>
      )}
    </Dialog>
  );
}
