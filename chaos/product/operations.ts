/** Which operations a step draws, how often, and how they run at the same time. */
import type { Owned } from '../owned';
import type { Random } from '../random';
import { adjust, dispute, payAtCheckout, prepay, prepayAndRefund } from './operations/money';
import type { Operation, Scene } from './operations/operation';
import { askForLimit, changeSettings, signInAndOut, suspendAndResume } from './operations/settings';
import { hold, reverse, useMany, useOnce, useWrongly } from './operations/usage';

/** Goes on beside this step and the next ones. */
const beginBatch: Operation = ({ batches }, random) => Promise.resolve(batches.begin(random));

/** How often each is drawn. `alone`: of one account only one at a time. */
const OPERATIONS: readonly { weight: number; act: Operation; alone?: true }[] = [
  { weight: 30, act: useOnce },
  { weight: 15, act: useMany },
  { weight: 3, act: useWrongly },
  { weight: 2, act: reverse },
  { weight: 14, act: hold },
  { weight: 8, act: prepay },
  { weight: 5, act: prepayAndRefund },
  { weight: 3, act: payAtCheckout },
  { weight: 3, act: dispute },
  { weight: 6, act: adjust },
  { weight: 6, act: changeSettings },
  { weight: 4, act: suspendAndResume, alone: true },
  { weight: 2, act: beginBatch },
  { weight: 2, act: askForLimit },
  { weight: 2, act: signInAndOut },
];

export type Planned = { act: Operation; account: Owned; random: Random; name: string; alone: boolean };

/** @param prefix of all ids of the step */
export function drawOperations(
  accounts: readonly Owned[],
  random: Random,
  count: number,
  prefix: string,
  fork: () => Random,
): Planned[] {
  return Array.from({ length: count }, (_, nth) => {
    const drawn = random.weighted(OPERATIONS);
    const account = random.pick(accounts);
    return { act: drawn.act, alone: drawn.alone === true, account, random: fork(), name: `${prefix}-${nth}` };
  });
}

/** Runs them in lanes; those that must be alone in a lane of their own. @throws the first defect, when all have ended */
export async function runOperations(scene: Scene, planned: readonly Planned[], lanes: number): Promise<void> {
  const alone = planned.filter((one) => one.alone);
  const others = planned.filter((one) => !one.alone);
  const run = async (list: readonly Planned[]): Promise<void> => {
    for (const { act, random, account, name } of list) await act(scene, random, account, name);
  };
  const outcomes = await Promise.allSettled([
    run(alone),
    ...Array.from({ length: lanes }, (_, lane) => run(others.filter((_one, nth) => nth % lanes === lane))),
  ]);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
