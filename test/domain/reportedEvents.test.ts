/** B4: usage that came by signal fits into a message of Temporal's until it is posted, and nothing that can be taken is cut. */
import fc from 'fast-check';
import { checkEvent, isRejection } from '../../domain/checkEvent';
import { POSTED_EVENTS_MAX, toReported } from '../../domain/reportedEvents';

const MESSAGE_BYTES_MAX = 2 * 1024 * 1024;
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

test('B4 a thousand of whatever came stay far below what Temporal takes', () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary', minLength: 400, maxLength: 4_000 })), (raw) => {
      expect(bytesOf(toReported(raw)) * POSTED_EVENTS_MAX).toBeLessThan(MESSAGE_BYTES_MAX * 0.9);
    }),
  );
});

test('B4 the largest event that can be taken is not cut', () => {
  const text = '"'.repeat(128);
  const event = {
    id: text,
    accountId: 'a'.repeat(64),
    model: text,
    inputTokens: 1_000_000_000,
    cachedInputTokens: 1_000_000_000,
    outputTokens: 1_000_000_000,
    images: 1_000_000_000,
    imageSize: text,
    at: '2026-11-21T10:00:00.123456789+00:00',
    holdId: text,
  };
  expect(isRejection(checkEvent(event, 0))).toBe(false);
  expect(toReported(event)).toBe(event);
});

test('B4 one that is cut is rejected under its own id', () => {
  const cut = toReported({ id: 'one', model: 'm', accountId: 'acme', note: '\u0000é'.repeat(5_000) }) as object;
  expect(checkEvent({ ...cut, accountId: 'acme' }, 0)).toEqual({
    code: 'invalid_event',
    message: 'there is no field "tooLong"',
  });
  expect(cut).toMatchObject({ id: 'one', model: 'm' });
});

test('B4 what is nested too deeply to be written is cut, too', () => {
  const deep = Array.from({ length: 100_000 }).reduce<unknown>((inner) => [inner], 0);
  expect(toReported({ id: 'deep', model: 'm', deep })).toEqual({
    id: 'deep',
    model: 'm',
    tooLong: 'nested too deeply to be kept',
  });
});
