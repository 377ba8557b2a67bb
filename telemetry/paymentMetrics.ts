/** Charges by their outcome, declines by their code, money taken back: counted by whoever learns of it first. */
import { boundedLabel, type Metrics } from './metrics';

/** Stripe has some fifty decline codes; a name beyond so many is `other`. */
const CODES_MAX = 80;

export type PaymentCounting = {
  charged(purpose: string, outcome: string, declineCode: string | null): void;
  takenBack(cents: number): void;
};

export function addPaymentMetrics(metrics: Metrics): PaymentCounting {
  const charges = metrics.counter('ballast_charges_total', 'Tries to charge a card, by what came of them.', [
    'purpose',
    'outcome',
  ]);
  const declines = metrics.counter('ballast_declines_total', "Declined tries by the provider's code.", [
    'purpose',
    'code',
  ]);
  const takenBack = metrics.counter('ballast_taken_back_usd_total', 'Dollars moved by refunds and disputes.', [
    'direction',
  ]);
  const bounded = boundedLabel(CODES_MAX);
  return {
    charged(purpose, outcome, declineCode) {
      charges.inc({ purpose, outcome });
      if (declineCode !== null) declines.inc({ purpose, code: bounded(declineCode) });
    },
    takenBack: (cents) => takenBack.inc({ direction: cents < 0 ? 'returned' : 'taken' }, Math.abs(cents) / 100),
  };
}
