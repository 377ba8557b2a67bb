// Reads Stripe's form encoding: `metadata[order]=7&expand[]=customer&items[0][price]=p` as nested objects and arrays.
import { invalidParameter } from './errors';

export type FormValue = string | FormValue[] | { [key: string]: FormValue };
export type Form = { [key: string]: FormValue };

const DEPTH_MAX = 8;

export function parseForm(encoded: string): Form {
  const root: Form = {};
  if (encoded === '') return root;
  for (const [name, value] of new URLSearchParams(encoded)) {
    // Postgres keeps no such character.
    if (value.includes('\0') || name.includes('\0'))
      throw invalidParameter('A parameter holds a NUL character.', name.replaceAll('\0', ''));
    place(root, pathOf(name), value);
  }
  return arraysFromIndexes(root) as Form;
}

function pathOf(name: string): string[] {
  const open = name.indexOf('[');
  if (open === -1) return [name];
  const path = [
    name.slice(0, open),
    ...Array.from(name.slice(open).matchAll(/\[([^\]]*)\]/g), (match) => match[1] as string),
  ];
  if (path.length > DEPTH_MAX) throw invalidParameter(`Too many levels of nesting: ${name}`, name);
  // A name like this would reach the prototype of every object in the process.
  if (path.includes('__proto__'))
    throw invalidParameter(`Received unknown parameter: ${name}`, name, 'parameter_unknown');
  return path;
}

function place(root: Form, path: string[], value: string): void {
  let node = root;
  path.forEach((segment, depth) => {
    const key = segment === '' ? String(Object.keys(node).length) : segment;
    if (depth === path.length - 1) {
      node[key] = value;
      return;
    }
    const child = Object.hasOwn(node, key) ? node[key] : undefined;
    if (typeof child === 'object' && !Array.isArray(child)) node = child;
    else node = node[key] = {};
  });
}

function arraysFromIndexes(value: FormValue): FormValue {
  if (typeof value === 'string' || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  const isList = entries.length > 0 && entries.every(([key], index) => key === String(index));
  if (isList) return entries.map(([, item]) => arraysFromIndexes(item));
  for (const [key, item] of entries) value[key] = arraysFromIndexes(item);
  return value;
}
