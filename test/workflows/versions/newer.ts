/** The same workflow with one step more, behind `patched()`. */
import { condition, defineSignal, patched, setHandler, sleep } from '@temporalio/workflow';

export const goSignal = defineSignal('go');

export async function greeting(): Promise<string> {
  let gone = false;
  setHandler(goSignal, () => void (gone = true));
  await condition(() => gone);
  if (!patched('wait-a-moment')) return 'as before';
  await sleep(1);
  return 'after a moment';
}
