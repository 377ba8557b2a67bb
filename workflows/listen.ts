/** The handlers of the balance workflow. They only record what has come; the loop acts. */
import { setHandler, uuid4 } from '@temporalio/workflow';
import type { AccountState } from '../domain/accountState';
import { checkSettings, CHARGEABLE_CENTS } from '../domain/autoReload';
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
  setHandler(messages.reportUsageSignal, ({ events }) => {
    if (!Array.isArray(events)) return;
    state.reported = [...(state.reported ?? []), ...events];
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
    ({ actor, settings }) => answers.ask({ kind: 'configure', requestId: uuid4(), actor, settings }),
    {
      validator: ({ settings }: messages.ConfigureAutoReload) => {
        // The deployment's own ranges are the API's to check: they may have changed since this run was told anything.
        const problems = checkSettings(settings, { threshold: CHARGEABLE, amount: CHARGEABLE });
        if (problems.length > 0)
          throw new RangeError(problems.map(({ path, message }) => `${path} ${message}`).join('; '));
      },
    },
  );
  setHandler(messages.pauseAutoReloadUpdate, ({ actor }) => answers.ask({ kind: 'pause', requestId: uuid4(), actor }));
  setHandler(messages.resumeAutoReloadUpdate, ({ actor }) =>
    answers.ask({ kind: 'resume', requestId: uuid4(), actor }),
  );
  setHandler(messages.disableAutoReloadUpdate, ({ actor }) =>
    answers.ask({ kind: 'disable', requestId: uuid4(), actor }),
  );
}
