import type { Client } from '@temporalio/client';
import pino from 'pino';
import { createSignals } from '../../api/signals/signals';
import { parseMoney } from '../../domain/money';
import type { Position } from '../../ledger/accounts/position';
import { reasonsChangedSignal } from '../../workflows/messages';

/** A Temporal that answers when it is told to, and notes what was sent. */
function slowTemporal() {
  const sent: { accountId: string; watermark?: number }[] = [];
  const answers: (() => void)[] = [];
  const client = {
    withDeadline: <T>(_deadline: number, work: () => Promise<T>) => work(),
    workflow: {
      signalWithStart: (
        _type: string,
        { args, signalArgs }: { args: [{ accountId: string }]; signalArgs: [{ watermark: number }?] },
      ) => {
        sent.push({ accountId: args[0].accountId, ...(signalArgs[0] && { watermark: signalArgs[0].watermark }) });
        return new Promise<void>((resolve) => answers.push(resolve));
      },
    },
  } as unknown as Client;
  return { client, sent, answer: async () => (answers.shift()?.(), jest.advanceTimersByTimeAsync(0)) };
}

const position = (accountId: string, watermark: number, wake: boolean): Position =>
  ({ accountId, watermark, wake, available: parseMoney('1.00') }) as Position;

let nowMs = 0;
const start = () => {
  const temporal = slowTemporal();
  return { ...temporal, signals: createSignals(temporal.client, pino({ level: 'silent' }), () => nowMs) };
};
beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('a crossing is signalled at once; while it is out, only the newest watermark waits', async () => {
  const { signals, sent, answer } = start();
  for (const watermark of [1, 2, 4, 3]) signals.moved(position('a', watermark, true));
  expect(sent).toEqual([{ accountId: 'a', watermark: 1 }]);
  await answer();
  await jest.advanceTimersByTimeAsync(200);
  expect(sent.slice(1)).toEqual([{ accountId: 'a', watermark: 4 }]);
});

test('a workflow that does not fold is told less and less often; once it has folded, a crossing is told at once again', async () => {
  const { signals, sent, answer } = start();
  for (let watermark = 1; watermark <= 600; watermark++) {
    signals.moved(position('a', watermark, true));
    await answer();
    await jest.advanceTimersByTimeAsync(100);
  }
  expect(sent.length).toBeLessThan(12);
  signals.moved(position('a', 601, false));
  const before = sent.length;
  signals.moved(position('a', 602, true));
  expect(sent.slice(before)).toEqual([{ accountId: 'a', watermark: 602 }]);
});

test('S5 usage that crosses nothing is told once a minute per account, within a budget per second', () => {
  const { signals, sent } = start();
  for (let account = 0; account < 80; account++) signals.moved(position(`quiet-${account}`, 1, false));
  expect(sent).toHaveLength(2);
  signals.moved(position('quiet-0', 2, false));
  nowMs += 1_000;
  signals.moved(position('quiet-0', 3, false));
  signals.moved(position('quiet-79', 1, false));
  expect(sent.slice(2)).toEqual([{ accountId: 'quiet-79', watermark: 1 }]);
  nowMs += 60_000;
  signals.moved(position('quiet-0', 4, false));
  expect(sent.slice(3)).toEqual([{ accountId: 'quiet-0', watermark: 4 }]);
});

test('other news is told at once, and closing waits for what is out', async () => {
  const { signals, sent, answer } = start();
  signals.tell('a', reasonsChangedSignal);
  expect(sent).toEqual([{ accountId: 'a' }]);
  let closed = false;
  const closing = signals.close().then(() => (closed = true));
  await jest.advanceTimersByTimeAsync(10);
  expect(closed).toBe(false);
  await answer();
  await closing;
});
