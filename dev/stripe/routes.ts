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
import type { Route } from './apiRequest';
import * as setupIntents from './setupIntents';

export const routes: Route[] = [
  ['post', '/v1/customers', customers.createCustomer],
  ['get', '/v1/customers', customers.listCustomers],
  ['get', '/v1/customers/:id', customers.retrieveCustomer],
  ['post', '/v1/customers/:id', customers.updateCustomer],
  ['delete', '/v1/customers/:id', customers.deleteCustomer],
  ['get', '/v1/customers/:id/payment_methods', paymentMethods.listPaymentMethods],
  ['get', '/v1/customers/:id/payment_methods/:method', paymentMethods.retrieveCustomersPaymentMethod],

  ['post', '/v1/payment_methods', paymentMethods.createPaymentMethod],
  ['get', '/v1/payment_methods', paymentMethods.listPaymentMethods],
  ['get', '/v1/payment_methods/:id', paymentMethods.retrievePaymentMethod],
  ['post', '/v1/payment_methods/:id', paymentMethods.updatePaymentMethod],
  ['post', '/v1/payment_methods/:id/attach', paymentMethods.attachPaymentMethod],
  ['post', '/v1/payment_methods/:id/detach', paymentMethods.detachPaymentMethod],

  ['post', '/v1/payment_intents', paymentIntents.createPaymentIntent],
  ['get', '/v1/payment_intents', paymentIntents.listPaymentIntents],
  ['get', '/v1/payment_intents/search', paymentIntents.searchPaymentIntents],
  ['get', '/v1/payment_intents/:id', paymentIntents.retrievePaymentIntent],
  ['post', '/v1/payment_intents/:id', paymentIntents.updatePaymentIntent],
  ['post', '/v1/payment_intents/:id/confirm', paymentIntents.confirmPaymentIntent],
  ['post', '/v1/payment_intents/:id/cancel', paymentIntents.cancelPaymentIntent],

  ['post', '/v1/setup_intents', setupIntents.createSetupIntent],
  ['get', '/v1/setup_intents', setupIntents.listSetupIntents],
  ['get', '/v1/setup_intents/:id', setupIntents.retrieveSetupIntent],
  ['post', '/v1/setup_intents/:id/confirm', setupIntents.confirmSetupIntent],
  ['post', '/v1/setup_intents/:id/cancel', setupIntents.cancelSetupIntent],

  ['post', '/v1/checkout/sessions', checkout.createCheckoutSession],
  ['get', '/v1/checkout/sessions', checkout.listCheckoutSessions],
  ['get', '/v1/checkout/sessions/:id', checkout.retrieveCheckoutSession],
  ['post', '/v1/checkout/sessions/:id', checkout.updateCheckoutSession],
  ['post', '/v1/checkout/sessions/:id/expire', checkout.expireCheckoutSession],
  ['get', '/v1/checkout/sessions/:id/line_items', checkout.listLineItems],

  ['get', '/v1/charges', charges.listCharges],
  ['get', '/v1/charges/:id', charges.retrieveCharge],
  ['post', '/v1/charges/:id', charges.updateCharge],

  ['post', '/v1/refunds', refunds.createRefund],
  ['get', '/v1/refunds', refunds.listRefunds],
  ['get', '/v1/refunds/:id', refunds.retrieveRefund],
  ['post', '/v1/refunds/:id', refunds.updateRefund],

  ['get', '/v1/disputes', disputes.listDisputes],
  ['get', '/v1/disputes/:id', disputes.retrieveDispute],
  ['post', '/v1/disputes/:id', disputes.updateDispute],
  ['post', '/v1/disputes/:id/close', disputes.acceptDispute],

  ['get', '/v1/events', events.listEvents],
  ['get', '/v1/events/:id', events.retrieveEvent],

  ['get', '/v1/balance', balance.retrieveBalance],
  ['get', '/v1/balance_transactions', balance.listBalanceTransactions],
  ['get', '/v1/balance_transactions/:id', balance.retrieveBalanceTransaction],
];
