// `expand[]`: replaces ids by the objects they name, along dotted paths and into lists.
import { z } from 'zod';
import { invalidParameter } from './errors';
import type { Form } from './form';
import { id, parseParams } from './params';
import type { TableName } from './tables';
import { all, type Transaction } from './transaction';

const DEPTH_MAX = 4;

const EXPANDABLE = new Map(
  Object.entries<TableName>({
    balance_transaction: 'balance_transactions',
    charge: 'charges',
    customer: 'customers',
    default_payment_method: 'payment_methods',
    failure_balance_transaction: 'balance_transactions',
    latest_charge: 'charges',
    payment_intent: 'payment_intents',
    payment_method: 'payment_methods',
    setup_intent: 'setup_intents',
  }),
);

/** Splits `expand`, which every endpoint takes, from the parameters that are its own. */
export function splitExpand({ expand: asked, ...params }: Form): { params: Form; paths: string[] } {
  if (asked === undefined) return { params, paths: [] };
  const { expand: paths } = parseParams(z.strictObject({ expand: z.array(id).max(20) }), { expand: asked });
  const tooDeep = paths.find((path) => path.split('.').length > DEPTH_MAX);
  if (tooDeep !== undefined)
    throw invalidParameter(`You cannot expand more than ${DEPTH_MAX} levels of a property (${tooDeep}).`, 'expand');
  return { params, paths };
}

export async function expand(tx: Transaction, object: object, paths: string[]): Promise<object> {
  let result = object;
  for (const path of paths) result = await expandPath(tx, result, path.split('.'), path);
  return result;
}

async function expandPath(tx: Transaction, object: object, [field, ...rest]: string[], path: string): Promise<object> {
  if (field === undefined) return object;
  const fields = object as Record<string, unknown>;
  const content = (Object.hasOwn(fields, field) ? fields[field] : undefined) ?? (await includable(tx, fields, field));
  if (content === undefined) throw invalidParameter(`This property cannot be expanded (${path}).`, 'expand');
  if (content === null) return object;
  const table = EXPANDABLE.get(field);
  let expanded: object;
  if (Array.isArray(content))
    expanded = await Promise.all(content.map((item) => expandPath(tx, item as object, rest, path)));
  else if (typeof content === 'object') expanded = await expandPath(tx, content, rest, path);
  else if (table !== undefined)
    expanded = await expandPath(tx, ((await tx.get(table, content as string)) as object | undefined) ?? {}, rest, path);
  else throw invalidParameter(`This property cannot be expanded (${path}).`, 'expand');
  return { ...fields, [field]: expanded };
}

/** Lists that are left out of an object unless asked for. */
async function includable(
  tx: Transaction,
  fields: Record<string, unknown>,
  field: string,
): Promise<object | null | undefined> {
  if (Object.hasOwn(fields, field)) return null;
  if (fields.object === 'checkout.session' && field === 'line_items') {
    const data = (await tx.get('checkout_details', fields.id as string))?.lineItems ?? [];
    return { object: 'list', url: `/v1/checkout/sessions/${String(fields.id)}/line_items`, has_more: false, data };
  }
  if (fields.object === 'charge' && field === 'refunds') {
    const data = await all(tx.newest('refunds', { where: { field: 'charge', equals: fields.id as string } }));
    return { object: 'list', url: `/v1/charges/${String(fields.id)}/refunds`, has_more: false, data };
  }
  return undefined;
}
