/** The payment provider of tests: an API and a worker made apart know each other's claims. */
import type Stripe from 'stripe';
import { createClaims } from '../../stripe/claims';
import type { PaymentProvider } from '../../stripe/port';
import { createProvider } from '../../stripe/provider';

export const TEST_CLAIM_SECRET = 'a secret of the tests';
export const testClaims = createClaims(TEST_CLAIM_SECRET);
export const testProvider = (stripe: Stripe): PaymentProvider => createProvider(stripe, testClaims);
