import type { Schemas } from '../../api/client';
import { Badge } from '../../components/Badge';
import { text } from '../../text';

const words = text.limits;
type Request = Pick<Schemas['LimitRequest'], 'status'>;
const TONES = { pending: 'info', approved: 'good', denied: 'plain' } as const;

export const LimitStatus = ({ status }: Request) => <Badge tone={TONES[status]}>{words.statuses[status]}</Badge>;
