/** An account's access in a word. */
import type { Schemas } from '../api/client';
import { text } from '../text';
import { Badge } from './Badge';

const TONES = { ok: 'good', low: 'warn', reloading: 'info', suspended: 'bad' } as const;

export const GateBadge = ({ state }: { state: Schemas['Gate']['state'] }) => (
  <Badge tone={TONES[state]}>{text.overview.gate[state]}</Badge>
);
