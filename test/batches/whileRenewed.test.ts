/** L2: what is renewed lives as long as the work, through an outage; what has run out ends the work. */
import { whileRenewed } from '../../batches/whileRenewed';
import { UPLOAD_RESERVED_SECONDS } from '../../domain/storeLimit';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** Work that goes on until it is told to end. */
function work(): { run(isOver: AbortSignal): Promise<void>; end(): void; isOver(): boolean } {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  let signal: AbortSignal | undefined;
  return { run: (isOver) => ((signal = isOver), ended), end: () => end(), isOver: () => signal!.aborted };
}

test('L2 an upload outlasts a database that is away for a minute and a half', async () => {
  const startedMs = Date.now();
  let reservedUntilMs = startedMs + UPLOAD_RESERVED_SECONDS * 1_000;
  const isAway = (): boolean => Date.now() - startedMs > 9_000 && Date.now() - startedMs < 99_000;
  const renew = async (): Promise<boolean> => {
    if (isAway()) throw new Error('the database is away');
    if (Date.now() > reservedUntilMs) return false;
    reservedUntilMs = Date.now() + UPLOAD_RESERVED_SECONDS * 1_000;
    return true;
  };
  const upload = work();
  const renewed = whileRenewed(renew, upload.run);
  await jest.advanceTimersByTimeAsync(600_000);
  expect(upload.isOver()).toBe(false);
  upload.end();
  await renewed;
  expect(jest.getTimerCount()).toBe(0);
});

test('L2 what is not there to be renewed any more ends the work, which may have failed by itself', async () => {
  const upload = work();
  const renewed = whileRenewed(() => Promise.resolve(false), upload.run);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(upload.isOver()).toBe(true);
  upload.end();
  await renewed;
  await expect(
    whileRenewed(
      () => Promise.resolve(true),
      () => Promise.reject(new Error('full')),
    ),
  ).rejects.toThrow('full');
  expect(jest.getTimerCount()).toBe(0);
});
