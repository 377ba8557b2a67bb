/** An account's access in a word. */
import type { Schemas } from '../api/client';
import { text } from '../text';
import { Badge } from './Badge';

const TONES = { ok: 'good', low: 'warn', reloading: 'info', suspended: 'bad' } as const;

type Props = {
  state: Schemas['Gate']['state'];
  /** The reload in flight, where it is known: one that was declined, or whose outcome is not known, is not being charged. */
  reload?: Schemas['AutoReload']['reload'] | undefined;
};

export const GateBadge = ({ state, reload }: Props) =>
  state === 'reloading' && reload && reload.state !== 'charging' ? (
    <Badge tone="warn">{text.overview.reload[reload.state]}</Badge>
  ) : (
    <Badge tone={TONES[state]}>{text.overview.gate[state]}</Badge>
  );
