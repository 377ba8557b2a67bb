/**
 * JSON in which no object has a name twice. Parsers differ in which of two they take, so that whoever checks a request
 * and whoever acts on it could read different amounts; JSON.parse takes the last and says nothing.
 */

export type ParsedJson =
  /** @param levels how deep lists and objects are nested in it; 0 for what is neither */
  | { kind: 'parsed'; value: unknown; levels: number }
  /** @param because why JSON.parse refuses it */
  | { kind: 'malformed'; because: string }
  /** Null: it is nested deeper than is looked for a name. */
  | { kind: 'repeated_name'; name: string | null };

/** What JSON.parse makes of it, unless a name occurs twice in one object, at any depth and in any spelling (`"\u0061"` is `"a"`). */
export function parseStrictJson(text: string): ParsedJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { kind: 'malformed', because: text.trim() === '' ? 'it is empty' : (error as Error).message };
  }
  // Of a repeated name one property is left, so there are fewer properties than names. Counting costs half of parsing.
  const { properties, levels } = measure(value);
  if (countNames(text) === properties) return { kind: 'parsed', value, levels };
  return { kind: 'repeated_name', name: findRepeatedName(text) };
}

/** How a repeated name is told to people, after "it has": cut, as it may have megabytes. */
export const repeatedName = (name: string | null): string =>
  `${name === null ? 'a name' : `the name ${JSON.stringify(name.slice(0, 40))}`} twice in one object`;

/** Deeper than anything that is meant: what walks through a value by calling itself would run out of stack. */
export const JSON_LEVELS_MAX = 100;

/** Without recursion: that is the point. */
export function isTooDeep(value: unknown): boolean {
  let level = isObject(value) ? [value] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > JSON_LEVELS_MAX) return true;
    level = level.flatMap((one) => Object.values(one).filter(isObject));
  }
  return false;
}

const BACKSLASH = 0x5c;
const COLON = 0x3a;
const QUOTE = 0x22;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Strings that a colon follows. From quote to quote by `indexOf`, which is quicker than looking at each character. */
function countNames(json: string): number {
  let names = 0;
  for (let at = json.indexOf('"'); at >= 0; at = json.indexOf('"', at)) {
    at = endOfString(json, at) + 1;
    if (isName(json, at)) names++;
  }
  return names;
}

/** Whether the string that has ended there is the name of a property. */
function isName(json: string, end: number): boolean {
  let at = end;
  while (isSpace(json.charCodeAt(at))) at++;
  return json.charCodeAt(at) === COLON;
}

/** The quote that ends the string: the first without an odd number of backslashes before it. */
function endOfString(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); ; end = json.indexOf('"', end + 1)) {
    let before = end - 1;
    while (json.charCodeAt(before) === BACKSLASH) before--;
    if ((end - before) % 2 === 1) return end;
  }
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/** Properties of all objects within, and how deep it is. Without recursion, because lists may be nested deeper than the stack; without copies of keys, which take longer than all else. */
function measure(value: unknown): { properties: number; levels: number } {
  let properties = 0;
  let levels = 0;
  const open: object[] = [];
  /** How deep each of them lies. */
  const depths: number[] = [];
  const enter = (inner: unknown, depth: number): void => {
    if (!isObject(inner)) return;
    if (depth > levels) levels = depth;
    open.push(inner);
    depths.push(depth);
  };
  enter(value, 1);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const inside = depths.pop()! + 1;
    if (Array.isArray(next)) {
      for (const inner of next as unknown[]) enter(inner, inside);
      continue;
    }
    const object = next as Record<string, unknown>;
    for (const name in object) {
      properties++;
      // eslint-disable-next-line ballast/lookups-by-name -- the object's own names, as JSON.parse has made them
      enter(object[name], inside);
    }
  }
  return { properties, levels };
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** From string to string, like the count: what goes through one by a pattern has no stack for megabytes of it. */
function findRepeatedName(json: string): string | null {
  const open: Set<string>[] = [];
  let level = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === OPEN) {
      level++;
      if (level <= JSON_LEVELS_MAX) open[level] = new Set();
    } else if (code === CLOSE) level--;
    else if (code === QUOTE) {
      const start = at;
      at = endOfString(json, start);
      const names = isName(json, at + 1) ? open[level] : undefined;
      if (names === undefined) continue;
      const name = JSON.parse(json.slice(start, at + 1)) as string;
      if (names.has(name)) return name;
      names.add(name);
    }
  }
  return null;
}
