// Customers: create, retrieve, update, list, delete.
import type Stripe from 'stripe';
import { z } from 'zod';
import { resourceMissing } from './errors';
import { newId } from './ids';
import { listObjects, listParams } from './lists';
import { id, ignored, mergeMetadata, metadata, parseParams, text } from './params';
import type { ApiRequest } from './apiRequest';
import { detachWithCustomer } from './paymentMethods';
import type { Transaction } from './transaction';

const fields = {
  email: z.string().max(512).optional(),
  name: text.optional(),
  description: text.optional(),
  phone: text.optional(),
  metadata: metadata.optional(),
  invoice_settings: z.strictObject({ default_payment_method: z.union([z.literal(''), id]).optional() }).optional(),
  address: ignored,
  shipping: ignored,
  preferred_locales: ignored,
  tax_exempt: ignored,
};

const createParams = z.strictObject({ ...fields, payment_method: id.optional() });
const updateParams = z.strictObject(fields);
const listCustomersParams = z.strictObject({ ...listParams, email: text.optional() });

export function createCustomer(tx: Transaction, request: ApiRequest): Stripe.Customer {
  const params = parseParams(createParams, request.params);
  const customer: Stripe.Customer = {
    id: newId('cus', 14),
    object: 'customer',
    address: null,
    balance: 0,
    created: tx.now,
    currency: null,
    customer_account: null,
    default_source: null,
    delinquent: false,
    description: params.description || null,
    discount: null,
    email: params.email || null,
    invoice_prefix: newId('', 8).slice(1).toUpperCase(),
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata: mergeMetadata({}, params.metadata),
    name: params.name || null,
    next_invoice_sequence: 1,
    phone: params.phone || null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  };
  tx.put('customers', customer);
  tx.emit('customer.created', customer);
  return customer;
}

export async function retrieveCustomer(
  tx: Transaction,
  request: ApiRequest,
): Promise<Stripe.Customer | Stripe.DeletedCustomer> {
  parseParams(z.strictObject({}), request.params);
  const customerId = request.ids[0] as string;
  return (await tx.get('deleted_customers', customerId)) ?? tx.need('customers', customerId);
}

export async function updateCustomer(tx: Transaction, request: ApiRequest): Promise<Stripe.Customer> {
  const params = parseParams(updateParams, request.params);
  const customer = await tx.need('customers', request.ids[0] as string);
  const method = params.invoice_settings?.default_payment_method;
  if (method && (await tx.get('payment_methods', method))?.customer !== customer.id) throw notTheCustomers(method);
  const updated = tx.update('customers', customer, {
    ...(params.email !== undefined && { email: params.email || null }),
    ...(params.name !== undefined && { name: params.name || null }),
    ...(params.description !== undefined && { description: params.description || null }),
    ...(params.phone !== undefined && { phone: params.phone || null }),
    ...(method !== undefined && {
      invoice_settings: { ...customer.invoice_settings, default_payment_method: method || null },
    }),
    metadata: mergeMetadata(customer.metadata, params.metadata),
  });
  tx.emit('customer.updated', updated, customer);
  return updated;
}

function notTheCustomers(method: string): Error {
  const error = resourceMissing('PaymentMethod', method, 'invoice_settings[default_payment_method]');
  error.body.message += '; The payment method must be attached to the customer.';
  return error;
}

/** It can still be retrieved, as deleted; everything else that names it finds nothing, and its methods are of no use any more. */
export async function deleteCustomer(tx: Transaction, request: ApiRequest): Promise<Stripe.DeletedCustomer> {
  parseParams(z.strictObject({}), request.params);
  const customer = await tx.need('customers', request.ids[0] as string);
  await detachWithCustomer(tx, customer.id);
  tx.remove('customers', customer.id);
  tx.emit('customer.deleted', customer);
  return tx.put('deleted_customers', { id: customer.id, object: 'customer', deleted: true });
}

export async function listCustomers(tx: Transaction, request: ApiRequest): Promise<object> {
  const params = parseParams(listCustomersParams, request.params);
  return listObjects(tx, 'customers', request.path, params, { where: { field: 'email', equals: params.email } });
}
