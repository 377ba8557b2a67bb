// Stripe's form encoding.
import { parseForm } from '../../dev/stripe/form';

test('brackets nest', () => {
  expect(parseForm('a=1&metadata[order]=7&metadata[note]=x%26y&b[c][d]=2')).toEqual({
    a: '1',
    metadata: { order: '7', note: 'x&y' },
    b: { c: { d: '2' } },
  });
});

test('empty and numbered brackets make lists', () => {
  expect(parseForm('expand[]=a&expand[]=b&items[0][price]=p&items[1][price]=q')).toEqual({
    expand: ['a', 'b'],
    items: [{ price: 'p' }, { price: 'q' }],
  });
});

test('a gap in the numbers is no list', () => {
  expect(parseForm('a[1]=x')).toEqual({ a: { 1: 'x' } });
});

test('an empty value is kept, since it unsets a field', () => {
  expect(parseForm('metadata=&description=')).toEqual({ metadata: '', description: '' });
});

test('prototypes are out of reach', () => {
  expect(() => parseForm('__proto__[polluted]=1')).toThrow('unknown parameter');
  expect(() => parseForm('a[__proto__][polluted]=1')).toThrow('unknown parameter');
  expect(parseForm('constructor[prototype][polluted]=1')).toEqual({ constructor: { prototype: { polluted: '1' } } });
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test('nesting without end is refused', () => {
  expect(() => parseForm(`a${'[b]'.repeat(50)}=1`)).toThrow('Too many levels');
});
