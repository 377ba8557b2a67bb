/**
 * The handlers of the balance workflow. They only record what has come; the loop acts. Whoever reaches Temporal may send
 * anything: a handler that threw would stop the account's workflow for good, so what is no message is left out or refused.
 */
import { setHandler, uuid4 } from '@temporalio/workflow';
import type { AccountState, Announced, SettingsAnswer } from '../domain/accountState';
import { checkSettings, CHARGEABLE_CENTS } from '../domain/autoReload';
import { toReported } from '../domain/reportedEvents';
import { foldWatermark } from './accountState';
import type { Answers } from './answers';
import * as messages from './messages';
import type { News } from './news';

export function listen(state: AccountState, news: News, answers: Answers): void {
  const readAgain = (): void => {
    state.stale = true;
    news.tell();
  };
  setHandler(messages.usageSignal, (watermark) => {
    if (foldWatermark(state, watermark)) news.tell();
  });
  setHandler(messages.reportUsageSignal, (report: Partial<messages.ReportedUsage> | null | undefined) => {
    const events = report?.events;
    if (!Array.isArray(events)) return;
    state.reported = [...(state.reported ?? []), ...events.map(toReported)];
    news.tell();
  });
  setHandler(messages.paymentSettledSignal, readAgain);
  setHandler(messages.paymentMethodsChangedSignal, readAgain);
  setHandler(messages.reasonsChangedSignal, readAgain);
  setHandler(messages.refreshSignal, readAgain);
  listenToOwners(answers);
  setHandler(messages.stateQuery, () => state);
  setHandler(messages.decisionsQuery, () => state.decisions);
}

const CHARGEABLE = { range: CHARGEABLE_CENTS };

function listenToOwners(answers: Answers): void {
  setHandler(
    messages.configureAutoReloadUpdate,
    ({ actor, settings, ...asked }) =>
      answers.ask({ kind: 'configure', requestId: uuid4(), actor, settings, ...announcedIn(asked) }),
    {
      validator: (asked: messages.ConfigureAutoReload) => {
        requireActor(asked);
        requireAnnounced(asked);
        const { settings } = asked;
        // The deployment's own ranges are the API's to check: they may have changed since this run was told anything.
        const problems = checkSettings(settings, { threshold: CHARGEABLE, amount: CHARGEABLE });
        if (problems.length > 0)
          throw new RangeError(problems.map(({ path, message }) => `${path} ${message}`).join('; '));
      },
    },
  );
  const asking =
    (kind: 'pause' | 'disable') =>
    ({ actor }: messages.ChangeAutoReload): Promise<SettingsAnswer> =>
      answers.ask({ kind, requestId: uuid4(), actor });
  setHandler(messages.pauseAutoReloadUpdate, asking('pause'), { validator: requireActor });
  setHandler(
    messages.resumeAutoReloadUpdate,
    ({ actor, ...asked }) => answers.ask({ kind: 'resume', requestId: uuid4(), actor, ...announcedIn(asked) }),
    {
      validator: (asked: messages.ResumeAutoReload) => {
        requireActor(asked);
        requireAnnounced(asked);
      },
    },
  );
  setHandler(messages.disableAutoReloadUpdate, asking('disable'), { validator: requireActor });
}

/** Callers of earlier releases announce nothing. */
const announcedIn = ({ expectedChargeCents }: Announced): Announced =>
  expectedChargeCents === undefined ? {} : { expectedChargeCents };

function requireAnnounced({ expectedChargeCents: cents }: Announced): void {
  if (cents !== undefined && !(Number.isSafeInteger(cents) && cents >= 0))
    throw new RangeError('expectedChargeCents must be whole cents, 0 for nothing');
}

/** Every change says who has made it (O5). What it throws refuses the update. */
function requireActor(asked: Partial<messages.ChangeAutoReload> | null | undefined): void {
  const actor: unknown = asked?.actor;
  if (typeof actor !== 'string' || actor === '') throw new TypeError('actor must say who asks for this');
}
