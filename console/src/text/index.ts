/** Every word on the screen, by page: what is to be said differently is changed here. */
import { accounts } from './accounts';
import { autoReload } from './autoReload';
import { batches } from './batches';
import { decisions } from './decisions';
import { frame } from './frame';
import { limits } from './limits';
import { notices } from './notices';
import { operations } from './operations';
import { overview } from './overview';
import { palette } from './palette';
import { pay } from './pay';
import { payments } from './payments';
import { team } from './team';
import { transactions } from './transactions';
import { usage } from './usage';
import { webhooks } from './webhooks';

export const text = {
  ...frame,
  accounts,
  batches,
  decisions,
  notices,
  overview,
  palette,
  pay,
  autoReload,
  limits,
  operations,
  payments,
  team,
  transactions,
  usage,
  webhooks,
} as const;
