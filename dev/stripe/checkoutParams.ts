// What a Checkout Session can be created with, in the modes `payment` and `setup`.
import { z } from 'zod';
import { currency, id, ignored, integer, metadata, text } from './params';

const priceData = z.strictObject({
  currency,
  unit_amount: integer.refine((cents) => cents >= 0, 'Invalid non-negative integer'),
  product_data: z.strictObject({
    name: z.string().min(1).max(5_000),
    description: text.optional(),
    images: ignored,
    metadata: ignored,
    tax_code: ignored,
  }),
  tax_behavior: ignored,
});

const paymentIntentData = z.strictObject({
  capture_method: ignored,
  description: text.optional(),
  metadata: metadata.optional(),
  receipt_email: text.optional(),
  setup_future_usage: z.enum(['off_session', 'on_session']).optional(),
  statement_descriptor: text.optional(),
  statement_descriptor_suffix: text.optional(),
});

const common = {
  allow_promotion_codes: ignored,
  allowed_payment_method_types: ignored,
  billing_address_collection: ignored,
  branding_settings: ignored,
  cancel_url: z.url().optional(),
  client_reference_id: z.string().max(200).optional(),
  consent_collection: ignored,
  custom_text: ignored,
  customer: id.optional(),
  customer_creation: ignored,
  customer_email: text.optional(),
  customer_update: ignored,
  excluded_payment_method_types: ignored,
  expires_at: integer.optional(),
  locale: ignored,
  metadata: metadata.optional(),
  payment_method_options: ignored,
  saved_payment_method_options: ignored,
  submit_type: ignored,
  success_url: z.url(),
  ui_mode: z.literal('hosted_page', 'the simulator hosts its pages only').optional(),
  wallet_options: ignored,
};

export const createSessionParams = z.discriminatedUnion('mode', [
  z.strictObject({
    mode: z.literal('payment'),
    line_items: z
      .array(
        z.strictObject({
          price_data: priceData,
          quantity: integer.refine((count) => count >= 1, 'Invalid positive integer'),
        }),
      )
      .min(1)
      .max(100),
    payment_intent_data: paymentIntentData.optional(),
    currency: ignored,
    invoice_creation: ignored,
    ...common,
  }),
  z.strictObject({
    mode: z.literal('setup'),
    currency: currency.optional(),
    setup_intent_data: z.strictObject({ description: text.optional(), metadata: metadata.optional() }).optional(),
    ...common,
  }),
]);

export type CreateSessionParams = z.infer<typeof createSessionParams>;
export type LineItemParams = Extract<CreateSessionParams, { mode: 'payment' }>['line_items'];
export type PaymentIntentData = z.infer<typeof paymentIntentData>;
