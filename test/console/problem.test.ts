/** Which answers end an intent that moves money, and which leave it under its key (B6, P2, P5). */
import { join } from 'node:path';

type ProblemError = new (status: number, body: object | null) => Error & { isOurs: boolean };
const { ProblemError, isOutage, isUnsettled, toProblemBody, wasNotTaken, whyNotDone } = jest.requireActual<{
  ProblemError: ProblemError;
  isOutage: (error: unknown) => boolean;
  isUnsettled: (error: unknown) => boolean;
  toProblemBody: (answer: unknown) => object | null;
  wasNotTaken: (error: unknown) => boolean;
  whyNotDone: (error: Error) => string;
}>(join(process.cwd(), 'console', 'src', 'api', 'problem'));

const answer = (status: number, body: unknown) => new ProblemError(status, toProblemBody(body));
const ofOurs = (status: number) => [
  answer(status, { code: 'some_code', detail: 'No.' }),
  answer(status, { error: { code: 'some_code', message: 'No.' } }),
];
/** Of an ingress's page, which is no JSON; and of gateways that answer in JSON of their own. */
const ofOthers = (status: number) =>
  [null, 'not found', { message: 'Forbidden' }, { error: 'not found' }, { code: 403, message: 'Forbidden' }].map(
    (body) => answer(status, body),
  );

test('B6, P2 only a refusal of ours, with its code, is a clear no', () => {
  for (const status of [400, 403, 404, 409, 413, 422])
    for (const error of ofOurs(status)) expect([isUnsettled(error), isOutage(error)]).toEqual([false, false]);
  for (const status of [400, 403, 404, 405, 409, 413, 421, 431, 502])
    for (const error of ofOthers(status)) {
      expect([error.isOurs, isUnsettled(error), isOutage(error)]).toEqual([false, true, true]);
      expect(whyNotDone(error)).toBe(
        `Something before Ballast answered ${status}, so it is not known whether this was done. Look before you try again.`,
      );
    }
  for (const error of [new TypeError('Failed to fetch'), ...ofOurs(500), ...ofOurs(503), ...ofOurs(408)])
    expect(isUnsettled(error)).toBe(true);
});

test('B6, P2 only by our own word was nothing begun', () => {
  for (const status of [401, 429]) {
    for (const error of ofOurs(status)) expect([isUnsettled(error), wasNotTaken(error)]).toEqual([true, true]);
    for (const error of ofOthers(status)) expect([isUnsettled(error), wasNotTaken(error)]).toEqual([true, false]);
  }
});
