/** Loaded first into a process whose clock is to be wrong, by `CHAOS_CLOCK_MS` milliseconds: what `Date` says is not the time. */
const offMs = Number(process.env.CHAOS_CLOCK_MS);
const now = Date.now.bind(Date);
const wrongNow = (): number => now() + offMs;

globalThis.Date = new Proxy(Date, {
  construct: (date, given: unknown[], target) =>
    Reflect.construct(date, given.length === 0 ? [wrongNow()] : given, target) as Date,
  apply: (date) => new date(wrongNow()).toString(),
  get: (date, name, receiver) => (name === 'now' ? wrongNow : (Reflect.get(date, name, receiver) as unknown)),
});
