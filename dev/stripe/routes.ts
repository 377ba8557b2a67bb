// The part of Stripe's API that the simulator speaks, in one table.
import * as balance from './balanceTransactions';
import * as charges from './charges';
import * as checkout from './checkoutSessions';
import * as customers from './customers';
import * as disputes from './disputes';
import * as events from './events';
import * as paymentIntents from './paymentIntents';
import * as paymentMethods from './paymentMethods';
import * as refunds from './refunds';
import type { Route } from './router';
import * as setupIntents from './setupIntents';

export const routes: Route[] = [
  ['POST', '/v1/customers', customers.createCustomer],
  ['GET', '/v1/customers', customers.listCustomers],
  ['GET', '/v1/customers/:id', customers.retrieveCustomer],
  ['POST', '/v1/customers/:id', customers.updateCustomer],
  ['DELETE', '/v1/customers/:id', customers.deleteCustomer],
  ['GET', '/v1/customers/:id/payment_methods', paymentMethods.listPaymentMethods],
  ['GET', '/v1/customers/:id/payment_methods/:id', paymentMethods.retrieveCustomersPaymentMethod],

  ['POST', '/v1/payment_methods', paymentMethods.createPaymentMethod],
  ['GET', '/v1/payment_methods', paymentMethods.listPaymentMethods],
  ['GET', '/v1/payment_methods/:id', paymentMethods.retrievePaymentMethod],
  ['POST', '/v1/payment_methods/:id', paymentMethods.updatePaymentMethod],
  ['POST', '/v1/payment_methods/:id/attach', paymentMethods.attachPaymentMethod],
  ['POST', '/v1/payment_methods/:id/detach', paymentMethods.detachPaymentMethod],

  ['POST', '/v1/payment_intents', paymentIntents.createPaymentIntent],
  ['GET', '/v1/payment_intents', paymentIntents.listPaymentIntents],
  ['GET', '/v1/payment_intents/:id', paymentIntents.retrievePaymentIntent],
  ['POST', '/v1/payment_intents/:id', paymentIntents.updatePaymentIntent],
  ['POST', '/v1/payment_intents/:id/confirm', paymentIntents.confirmPaymentIntent],
  ['POST', '/v1/payment_intents/:id/cancel', paymentIntents.cancelPaymentIntent],

  ['POST', '/v1/setup_intents', setupIntents.createSetupIntent],
  ['GET', '/v1/setup_intents', setupIntents.listSetupIntents],
  ['GET', '/v1/setup_intents/:id', setupIntents.retrieveSetupIntent],
  ['POST', '/v1/setup_intents/:id/confirm', setupIntents.confirmSetupIntent],
  ['POST', '/v1/setup_intents/:id/cancel', setupIntents.cancelSetupIntent],

  ['POST', '/v1/checkout/sessions', checkout.createCheckoutSession],
  ['GET', '/v1/checkout/sessions', checkout.listCheckoutSessions],
  ['GET', '/v1/checkout/sessions/:id', checkout.retrieveCheckoutSession],
  ['POST', '/v1/checkout/sessions/:id', checkout.updateCheckoutSession],
  ['POST', '/v1/checkout/sessions/:id/expire', checkout.expireCheckoutSession],
  ['GET', '/v1/checkout/sessions/:id/line_items', checkout.listLineItems],

  ['GET', '/v1/charges', charges.listCharges],
  ['GET', '/v1/charges/:id', charges.retrieveCharge],
  ['POST', '/v1/charges/:id', charges.updateCharge],

  ['POST', '/v1/refunds', refunds.createRefund],
  ['GET', '/v1/refunds', refunds.listRefunds],
  ['GET', '/v1/refunds/:id', refunds.retrieveRefund],
  ['POST', '/v1/refunds/:id', refunds.updateRefund],

  ['GET', '/v1/disputes', disputes.listDisputes],
  ['GET', '/v1/disputes/:id', disputes.retrieveDispute],
  ['POST', '/v1/disputes/:id', disputes.updateDispute],
  ['POST', '/v1/disputes/:id/close', disputes.acceptDispute],

  ['GET', '/v1/events', events.listEvents],
  ['GET', '/v1/events/:id', events.retrieveEvent],

  ['GET', '/v1/balance', balance.retrieveBalance],
  ['GET', '/v1/balance_transactions', balance.listBalanceTransactions],
  ['GET', '/v1/balance_transactions/:id', balance.retrieveBalanceTransaction],
];
