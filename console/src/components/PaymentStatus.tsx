import { text } from '../text';
import { wordFor } from '../text/word';
import { Badge } from './Badge';
import type { Tone } from './Notice';

const TONES = new Map<string, Tone | 'plain'>([
  ['succeeded', 'good'],
  ['failed', 'bad'],
  ['canceled', 'plain'],
  ['waiting', 'warn'],
  ['unknown', 'warn'],
  ['requires_action', 'warn'],
  ['unpaid', 'warn'],
]);

/** The state of a prepayment or a reload in a word. */
export const PaymentStatus = ({ status }: { status: string }) => (
  <Badge tone={TONES.get(status) ?? 'info'}>{wordFor(text.payments.statuses, status)}</Badge>
);
