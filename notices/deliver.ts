/** The outbox loop of the worker process: sends what is due to each owner, apart from all others (N1). */
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Notice } from '../domain/notice';
import { claimDeliveries, type Delivery } from '../ledger/notices/claimDeliveries';
import type { Db } from '../ledger/db';
import { recordDelivery, type DeliveryOutcome } from '../ledger/notices/recordDelivery';
import { compose } from './compose';
import type { InvitationLinks } from './invitationLink';
import { SENDING_SECONDS_MAX, type Mailer } from './mailer';
import type { SignInLinks } from './signInLink';

export type MailOutcome = DeliveryOutcome['kind'];

export type DeliveringOptions = {
  pool: Db;
  mailer: Mailer;
  invitations: InvitationLinks;
  signIns: SignInLinks;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Told of each try to send, for metrics. */
  onTried?(outcome: MailOutcome): void;
  /** How often to look for new notices. @default 500 */
  pollMs?: number;
};

const SENDING_AT_ONCE_MAX = 5;
/** A claim must outlast a sending and its record, or two workers would send the same mail. */
const LEASE_SECONDS = 2 * SENDING_SECONDS_MAX;
/** After each failed try: a mail server that is down for a day loses nothing. Then it is given up. */
const RETRY_DELAYS_SECONDS = [60, 5 * 60, 15 * 60, 3_600, 3 * 3_600, 6 * 3_600, 12 * 3_600, 24 * 3_600];
/** How many polls to leave out when the database can't be reached. */
const TROUBLE_POLLS = 10;

/** `stop` resolves when what is being sent has been sent and recorded. */
export function startDelivering(options: DeliveringOptions): { stop(): Promise<void> } {
  const { pool, mailer, invitations, signIns, log, onTried, pollMs = 500 } = options;
  const stopping = new AbortController();
  const sending = new Set<Promise<void>>();

  const deliverDue = async (): Promise<boolean> => {
    const free = SENDING_AT_ONCE_MAX - sending.size;
    const claimed = free === 0 ? [] : await claimDeliveries(pool, free, LEASE_SECONDS);
    for (const delivery of claimed) {
      const sendOne = async (one: Delivery): Promise<DeliveryOutcome> => {
        const outcome = await send({ mailer, invitations, signIns }, one);
        onTried?.(outcome.kind);
        return outcome;
      };
      const done = deliver(pool, sendOne, log, delivery).finally(() => sending.delete(done));
      sending.add(done);
    }
    return claimed.length === free;
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const more = await deliverDue();
        if (more) await Promise.race(sending);
        else await pause(pollMs, stopping.signal);
      } catch (error) {
        log.error({ err: error }, 'notices can not be read; trying again');
        await pause(TROUBLE_POLLS * pollMs, stopping.signal);
      }
    }
    await Promise.all(sending);
  };

  const finished = loop();
  return {
    async stop() {
      stopping.abort();
      await finished;
    },
  };
}

/** Never throws: a delivery that can't be recorded is due again when its claim runs out. */
async function deliver(
  db: Db,
  sendOne: (delivery: Delivery) => Promise<DeliveryOutcome>,
  log: DeliveringOptions['log'],
  delivery: Delivery,
): Promise<void> {
  const {
    noticeId,
    notice: { kind },
    attempt,
  } = delivery;
  const about = { noticeId, kind, attempt };
  try {
    const outcome = await sendOne(delivery);
    await recordDelivery(db, delivery, outcome);
    if (outcome.kind === 'sent') log.info(about, 'notice sent');
    else log.warn({ ...about, error: outcome.error }, outcome.kind === 'failed' ? 'notice given up' : 'notice put off');
  } catch (error) {
    log.error({ ...about, err: error }, 'notice sent or not, but not recorded');
  }
}

async function send(
  { mailer, invitations, signIns }: Pick<DeliveringOptions, 'mailer' | 'invitations' | 'signIns'>,
  { noticeId, recipient, accountName, notice, attempt, expired, folds }: Delivery,
): Promise<DeliveryOutcome> {
  if (expired) return { kind: 'failed', error: 'its link was good no longer when the mail could be sent' };
  try {
    const whole = withLink(notice, recipient, { invitations, signIns });
    const messageId = mailer.messageIdOf(noticeId, recipient);
    const outcome = await mailer.send({
      messageId,
      kind: notice.kind,
      to: recipient,
      ...compose(whole, accountName, folds),
    });
    return outcome.kind === 'sent' ? outcome : { kind: 'failed', error: outcome.because };
  } catch (thrown) {
    const error = (thrown as Error).message;
    const delaySeconds = RETRY_DELAYS_SECONDS[attempt - 1];
    return delaySeconds === undefined ? { kind: 'failed', error } : { kind: 'put_off', error, delaySeconds };
  }
}

/** A link that is a secret of the recipient's is made when it is sent, and kept nowhere. */
function withLink(
  notice: Notice,
  email: string,
  { invitations, signIns }: Pick<DeliveringOptions, 'invitations' | 'signIns'>,
): Notice {
  if (notice.kind === 'invitation') return { ...notice, url: invitations.urlOf({ ...notice, email }) };
  if (notice.kind === 'sign_in_link') return { ...notice, url: signIns.urlOf({ ...notice, email }) };
  return notice;
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  wait(ms, undefined, { signal }).catch(() => undefined);
