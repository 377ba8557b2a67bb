/** An account's access in a word. */
import type { Schemas } from '../api/client';
import { text } from '../text';
import { Badge } from './Badge';

const TONES = { ok: 'good', low: 'warn', reloading: 'info', suspended: 'bad' } as const;

/** A reload in flight that was declined, or whose outcome is not known, is not being charged: it is not called so. */
export function GateBadge({
  account: { gate, autoReload },
}: {
  account: Pick<Schemas['Account'], 'gate' | 'autoReload'>;
}) {
  const { reload } = autoReload;
  return gate.state === 'reloading' && reload !== null && reload !== 'charging' ? (
    <Badge tone="warn">{text.overview.reload[reload]}</Badge>
  ) : (
    <Badge tone={TONES[gate.state]}>{text.overview.gate[gate.state]}</Badge>
  );
}
