import fc from 'fast-check';
import { isTooDeep, JSON_LEVELS_MAX, parseStrictJson } from '../../domain/strictJson';

const repeated = (name: string) => ({ kind: 'repeated_name', name });

test('a name twice in one object is told, at any depth and in any spelling', () => {
  expect(parseStrictJson('{"amount":"5.00","amount":"9999.00"}')).toEqual(repeated('amount'));
  expect(parseStrictJson('{"am\\u006funt":1,"amount":1}')).toEqual(repeated('amount'));
  expect(parseStrictJson('{"a":[1,{"b":{"c":1}, "d":[{"e":1 , "e"\n: 2}]}]}')).toEqual(repeated('e'));
  expect(parseStrictJson('{"__proto__":1,"__proto__":2}')).toEqual(repeated('__proto__'));
  expect(parseStrictJson('{"":1,"":2}')).toEqual(repeated(''));
  expect(parseStrictJson('{"1":1,"1":2}')).toEqual(repeated('1'));
});

test('the same name in other objects, and colons and braces within strings, are no repetition', () => {
  for (const text of [
    '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}',
    '{"a":":","b":"\\":{","c":"\\\\","d:":"}\\\\\\""}',
    '[":",{"__proto__":{"constructor":1}},"\\u0022:"]',
    '"a:b"',
    '1',
    'null',
  ])
    expect(parseStrictJson(text)).toEqual({ kind: 'parsed', value: JSON.parse(text), levels: expect.any(Number) });
});

test('whatever JSON.stringify writes is parsed as JSON.parse parses it', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'binary', maxDepth: 4 }), (text) => {
      expect(parseStrictJson(text)).toEqual({ kind: 'parsed', value: JSON.parse(text), levels: expect.any(Number) });
    }),
  );
});

test('an object with one name repeated, anywhere in it, is always told', () => {
  const names = fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 4 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(names, fc.nat(), fc.json(), (unique, pick, value) => {
      const name = unique[pick % unique.length]!;
      const members = [...unique, name].map((one) => `${JSON.stringify(one)}:${value}`).join(',');
      expect(parseStrictJson(`[[{"in":{${members}}}]]`)).toEqual(repeated(name));
    }),
  );
});

test('what is no JSON is malformed, and lists nested without end are parsed', () => {
  expect(parseStrictJson('{"a":1,}')).toMatchObject({ kind: 'malformed' });
  expect(parseStrictJson(' ')).toEqual({ kind: 'malformed', because: 'it is empty' });
  expect(parseStrictJson(`${'['.repeat(60_000)}${']'.repeat(60_000)}`)).toMatchObject({ kind: 'parsed' });
});

test('what is nested deeper than a hundred levels is told, however deep, and nothing that is not', () => {
  const nested = (levels: number): string => `${'{"a":['.repeat(levels / 2)}1${']}'.repeat(levels / 2)}`;
  for (const levels of [2, JSON_LEVELS_MAX, JSON_LEVELS_MAX + 2, 200_000]) {
    const tooDeep = levels > JSON_LEVELS_MAX;
    expect([levels, isTooDeep(JSON.parse(nested(levels)))]).toEqual([levels, tooDeep]);
    expect(parseStrictJson(nested(levels))).toMatchObject({ kind: 'parsed', levels });
  }
  expect(isTooDeep(JSON.parse(`[${'[],'.repeat(1_000)}[]]`))).toBe(false);
});

test('a name twice is told beside a text of megabytes, and below more levels than are looked at', () => {
  expect(parseStrictJson(`{"long":"${'x'.repeat(20_000_000)}","a":1,"a":2}`)).toEqual(repeated('a'));
  expect(parseStrictJson(`${'{"a":'.repeat(300_000)}{"b":1,"b":2}${'}'.repeat(300_000)}`)).toEqual({
    kind: 'repeated_name',
    name: null,
  });
});
