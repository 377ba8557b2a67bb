/**
 * JSON in which no object has a name twice. Parsers differ in which of two they take, so that whoever checks a request
 * and whoever acts on it could read different amounts; JSON.parse takes the last and says nothing.
 */

export type ParsedJson =
  | { kind: 'parsed'; value: unknown }
  /** @param because why JSON.parse refuses it */
  | { kind: 'malformed'; because: string }
  | { kind: 'repeated_name'; name: string };

/** What JSON.parse makes of it, unless a name occurs twice in one object, at any depth and in any spelling (`"\u0061"` is `"a"`). */
export function parseStrictJson(text: string): ParsedJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { kind: 'malformed', because: text.trim() === '' ? 'it is empty' : (error as Error).message };
  }
  // Of a repeated name one property is left, so there are fewer properties than names. Counting costs half of parsing.
  if (countNames(text) === countProperties(value)) return { kind: 'parsed', value };
  return { kind: 'repeated_name', name: findRepeatedName(text) };
}

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

/** Whether a text of JSON has so many brackets that it could be; most have a few, which takes no time to see. */
export function mayBeTooDeep(json: string): boolean {
  let brackets = 0;
  for (const bracket of ['[', '{'])
    for (let at = json.indexOf(bracket); at >= 0 && brackets <= JSON_LEVELS_MAX; at = json.indexOf(bracket, at + 1))
      brackets++;
  return brackets > JSON_LEVELS_MAX;
}

const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** Strings that a colon follows. From quote to quote by `indexOf`, which is quicker than looking at each character. */
function countNames(json: string): number {
  let names = 0;
  for (let at = json.indexOf('"'); at >= 0; at = json.indexOf('"', at)) {
    at = endOfString(json, at) + 1;
    while (isSpace(json.charCodeAt(at))) at++;
    if (json.charCodeAt(at) === COLON) names++;
  }
  return names;
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

/** Of all objects within. Without recursion, because lists may be nested deeper than the stack; without copies of keys, which take longer than all else. */
function countProperties(value: unknown): number {
  let properties = 0;
  const open: object[] = isObject(value) ? [value] : [];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (Array.isArray(next)) {
      for (const inner of next as unknown[]) if (isObject(inner)) open.push(inner);
      continue;
    }
    const object = next as Record<string, unknown>;
    for (const name in object) {
      properties++;
      // eslint-disable-next-line ballast/lookups-by-name -- the object's own names, as JSON.parse has made them
      const inner = object[name];
      if (isObject(inner)) open.push(inner);
    }
  }
  return properties;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const TOKENS = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g;

function findRepeatedName(text: string): string {
  const open: Set<string>[] = [];
  for (const [token, colon] of text.matchAll(TOKENS)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (colon !== undefined) {
      const name = JSON.parse(token.slice(0, -colon.length)) as string;
      if (open.at(-1)!.has(name)) return name;
      open.at(-1)!.add(name);
    }
  }
  throw new Error('no name stands twice in this JSON');
}
