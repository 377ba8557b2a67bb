/** A balance workflow that today's can't replay: it begins with another activity, which nobody works on. It answers nobody. */
import { condition, defineSignal, defineUpdate, proxyActivities, setHandler } from '@temporalio/workflow';

type Others = { somethingElse(): Promise<void> };
const others = proxyActivities<Others>({ taskQueue: 'nobody', startToCloseTimeout: '1 day' });

export async function balance(): Promise<void> {
  setHandler(defineSignal('reportUsage'), () => undefined);
  setHandler(defineUpdate('pauseAutoReload'), () => condition(() => false));
  await others.somethingElse();
}
