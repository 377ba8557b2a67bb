/** A workflow as the release before had it. */
import { condition, defineSignal, setHandler } from '@temporalio/workflow';

export const goSignal = defineSignal('go');

export async function greeting(): Promise<string> {
  let gone = false;
  setHandler(goSignal, () => void (gone = true));
  await condition(() => gone);
  return 'as before';
}
