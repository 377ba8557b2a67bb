/** Every route: who may ask for what. Express and /openapi.json are made from this table. */
import * as abandonReload from './endpoints/abandonReload';
import * as accounts from './endpoints/accounts';
import * as accountStream from './endpoints/accountStream';
import * as adjustments from './endpoints/adjustments';
import * as autoReload from './endpoints/autoReload';
import * as batches from './endpoints/batches';
import * as batchEstimate from './endpoints/batchEstimate';
import * as batchClaims from './endpoints/batchClaims';
import * as batchResults from './endpoints/batchResults';
import * as closeAccount from './endpoints/closeAccount';
import * as checkout from './endpoints/checkout';
import * as confirmations from './endpoints/confirmations';
import * as dedicatedEndpoints from './endpoints/dedicatedEndpoints';
import * as evaluationDatasets from './endpoints/evaluationDatasets';
import * as files from './endpoints/files';
import { upload as uploadFile } from './endpoints/fileUpload';
import * as gates from './endpoints/gates';
import * as holds from './endpoints/holds';
import * as keys from './endpoints/keys';
import * as limitDecisions from './endpoints/limitDecisions';
import * as limitRequests from './endpoints/limitRequests';
import * as limits from './endpoints/limits';
import * as invitations from './endpoints/invitations';
import * as members from './endpoints/members';
import * as models from './endpoints/models';
import * as operations from './endpoints/operations';
import * as paymentMethods from './endpoints/paymentMethods';
import * as prepayments from './endpoints/prepayments';
import * as reconcile from './endpoints/reconcile';
import * as records from './endpoints/records';
import * as refunds from './endpoints/refunds';
import * as session from './endpoints/session';
import * as signInLink from './endpoints/signInLink';
import * as settling from './endpoints/settleHold';
import * as stripeEvents from './endpoints/stripeEvents';
import * as timeline from './endpoints/timeline';
import * as system from './endpoints/system';
import * as trial from './endpoints/trial';
import * as usage from './endpoints/usage';
import * as usageReversals from './endpoints/usageReversals';
import * as webhookEndpoints from './endpoints/webhookEndpoints';
import * as workflow from './endpoints/workflow';
import type { Role } from './http/auth';
import { any, del, get, limited, patch, post, put, section, type Route } from './http/route';
import type { Services } from './services';

const admin: Role[] = ['admin'];
const service: Role[] = ['service'];
const owner: Role[] = ['owner'];
const ownerOrAdmin: Role[] = ['owner', 'admin'];
const ownerOrModifier: Role[] = ['owner', 'resource_modifier'];
const anyoneOfAccount: Role[] = ['owner', 'resource_modifier', 'member'];
const anyoneOrAdmin: Role[] = [...anyoneOfAccount, 'admin'];
const anyone: Role[] = [...anyoneOfAccount, 'admin', 'service'];
/** Members of an account, and services that name one. */
const ofBatches: Role[] = [...anyoneOfAccount, 'service'];
const anybody: Role[] = ['anybody'];

export const routes: readonly Route<Services>[] = [
  ...section('Accounts', [
    post('/v1/accounts', admin, accounts.create, 'Open an account'),
    get('/v1/accounts', admin, accounts.list, 'List accounts'),
    get('/v1/accounts/:id', anyone, accounts.read, 'Read an account'),
    patch('/v1/accounts/:id', admin, accounts.change, 'Change name or tier'),
    del('/v1/accounts/:id', admin, closeAccount.close, 'Close the account'),
  ]),
  ...section('Console', [
    get('/v1/session', anyone, session.read, 'Who am I?'),
    get('/v1/session/current', anybody, session.current, 'Who is signed in here, if anybody?'),
    post('/v1/session', anybody, session.signIn, 'Sign in, ask for a link by mail, or choose another account of yours'),
    del('/v1/session', anybody, session.signOut, 'Sign out'),
    post('/v1/session/tokens', anybody, session.makeToken, 'Make a token that signs in once, from a key'),
    get(
      '/v1/accounts/:id/stream',
      anyoneOrAdmin,
      accountStream.follow,
      'Follow an account as Server-Sent Events: account, watching, changed, heartbeat',
    ),
    get('/sign-in/:token', anybody, signInLink.show, 'A page: whether to sign in'),
    post('/sign-in/:token', anybody, signInLink.use, 'Signs in, and leads on to the console'),
  ]),
  ...section('Keys and members', [
    get('/v1/accounts/:id/members', ownerOrAdmin, members.list, 'List members'),
    limited('member', post('/v1/accounts/:id/members', ownerOrAdmin, members.add, 'Add a member')),
    patch('/v1/accounts/:id/members/:memberId', ownerOrAdmin, members.change, 'Change a member'),
    del('/v1/accounts/:id/members/:memberId', ownerOrAdmin, members.remove, 'Remove a member and revoke their keys'),
    post(
      '/v1/accounts/:id/members/:memberId/invitation',
      ownerOrAdmin,
      invitations.resend,
      'Send the invitation again',
    ),
    get('/v1/accounts/:id/keys', ownerOrAdmin, keys.listOfAccount, "List members' keys"),
    limited('member_key', post('/v1/accounts/:id/keys', ownerOrAdmin, keys.createForMember, 'Make a key for a member')),
    del('/v1/accounts/:id/keys/:keyId', ownerOrAdmin, keys.revokeOfAccount, 'Revoke a key'),
    get('/v1/keys', admin, keys.listOfPlatform, "List the platform's keys"),
    limited('platform_key', post('/v1/keys', admin, keys.createForPlatform, 'Make a key for a service or an admin')),
    del('/v1/keys/:keyId', admin, keys.revokeOfPlatform, 'Revoke a key'),
  ]),
  ...section('Gate', [
    get('/v1/accounts/:id/gate', anyone, gates.read, 'May the account run inference now?'),
    any(
      '/v1/authorize',
      service,
      gates.authorize,
      'The same for proxies: the status is the answer, by any method, also at /v1/authorize/…',
    ),
    get('/v1/gates/stream', service, gates.stream, 'Follow all gates as Server-Sent Events: snapshot, gate, heartbeat'),
    put('/v1/accounts/:id/suspension', admin, adjustments.suspend, 'Suspend the account'),
    del('/v1/accounts/:id/suspension', admin, adjustments.resume, 'Lift a suspension'),
  ]),
  ...section('Usage and models', [
    post('/v1/usage', service, usage.report, 'Report usage events'),
    get('/v1/accounts/:id/usage', anyoneOrAdmin, usage.read, 'Sum usage by day, model, kind'),
    get('/v1/accounts/:id/rejected-usage', admin, usage.rejected, 'List events that were not taken'),
    get('/v1/rejected-usage', admin, usage.rejectedOfAll, 'List events of all accounts that were not taken'),
    post('/v1/usage/reversals', admin, usageReversals.reverse, 'Give back the cost of a usage event'),
    get('/v1/models', anyone, models.list, 'List models and prices'),
    put('/v1/models/:id', admin, models.put, 'Put a model and its prices'),
    get(
      '/v1/accounts/:id/transactions/:sequence/events',
      anyoneOrAdmin,
      records.usageOfTransaction,
      'List the usage behind a transaction',
    ),
  ]),
  ...section('Holds', [
    post('/v1/accounts/:id/holds', service, holds.place, 'Set money aside for a request'),
    get('/v1/accounts/:id/holds', service, holds.list, 'List holds'),
    get('/v1/accounts/:id/holds/:holdId', service, holds.read, 'Read a hold'),
    post('/v1/accounts/:id/holds/:holdId/settle', service, settling.settle, 'Settle a hold with its usage'),
    post('/v1/accounts/:id/holds/:holdId/release', service, holds.release, 'Give back what is held'),
  ]),
  ...section(
    'Files and batches',
    [
      post('/v1/files', ofBatches, uploadFile, "Upload a batch's requests"),
      get('/v1/files', ofBatches, files.list, 'List files'),
      get('/v1/files/:fileId', ofBatches, files.read, 'Read what a file is'),
      get('/v1/files/:fileId/content', ofBatches, files.content, 'Read what a file says'),
      del('/v1/files/:fileId', ofBatches, files.remove, 'Delete a file'),
      post('/v1/batches', ofBatches, batches.create, 'Create a batch'),
      get('/v1/batches', ofBatches, batches.list, 'List batches'),
      post('/v1/batches/estimate', ofBatches, batchEstimate.estimate, 'What would a batch reserve, and would it fit?'),
      get('/v1/batches/claimable', service, batchClaims.claimable, 'List batches with requests to execute'),
      get('/v1/batches/:batchId', ofBatches, batches.read, 'Read a batch'),
      post('/v1/batches/:batchId/cancel', ofBatches, batches.cancel, 'Cancel a batch'),
      post('/v1/batches/:batchId/claims', service, batchClaims.claim, 'Take requests to execute'),
      post('/v1/batches/:batchId/results', service, batchResults.results, 'Send the results of requests'),
    ],
    'openai',
  ),
  ...section('Limits', [
    get('/v1/accounts/:id/limits', anyoneOrAdmin, limits.list, "List the account's limits and what it uses of them"),
    post('/v1/accounts/:id/limit-requests', ownerOrModifier, limitRequests.create, 'Ask for a higher limit'),
    get('/v1/accounts/:id/limit-requests', ownerOrModifier, limitRequests.list, "List the account's limit requests"),
    get('/v1/accounts/:id/limit-requests/:requestId', ownerOrModifier, limitRequests.read, 'Read a limit request'),
    get('/v1/limit-requests', admin, limitDecisions.list, 'List the limit requests of all accounts'),
    get('/v1/limit-requests/:requestId', admin, limitDecisions.read, 'Read a limit request of any account'),
    post('/v1/limit-requests/:requestId/decision', admin, limitDecisions.decide, 'Approve or deny a limit request'),
    put(
      '/v1/accounts/:id/dedicated-endpoints/:name',
      ownerOrModifier,
      dedicatedEndpoints.put,
      'Make a dedicated endpoint, or give it another model',
    ),
    get('/v1/accounts/:id/dedicated-endpoints', ownerOrModifier, dedicatedEndpoints.list, 'List dedicated endpoints'),
    del(
      '/v1/accounts/:id/dedicated-endpoints/:name',
      ownerOrModifier,
      dedicatedEndpoints.remove,
      'Remove a dedicated endpoint',
    ),
    post(
      '/v1/accounts/:id/evaluation-datasets',
      anyoneOfAccount,
      evaluationDatasets.upload,
      'Upload an evaluation dataset, as CSV with a header or as JSON lines',
    ),
    get('/v1/accounts/:id/evaluation-datasets', anyoneOfAccount, evaluationDatasets.list, 'List evaluation datasets'),
    del(
      '/v1/accounts/:id/evaluation-datasets/:datasetId',
      anyoneOfAccount,
      evaluationDatasets.remove,
      'Delete an evaluation dataset',
    ),
  ]),
  ...section('Records', [
    get('/v1/accounts/:id/transactions', anyoneOrAdmin, records.transactions, "List the account's ledger"),
    get('/v1/accounts/:id/decisions', ownerOrAdmin, records.decisions, 'List what was decided, and why'),
    get('/v1/accounts/:id/audit', ownerOrAdmin, records.audit, 'List changes by people'),
    get(
      '/v1/accounts/:id/timeline',
      ownerOrAdmin,
      timeline.list,
      'List all that has happened, but usage, in order of time',
    ),
    get('/v1/accounts/:id/notices', ownerOrAdmin, records.notices, 'List what owners were told'),
    post('/v1/accounts/:id/adjustments', admin, adjustments.adjust, 'Credit or debit by hand'),
    get('/v1/accounts/:id/workflow', admin, workflow.read, "Read the account's workflow from Temporal"),
  ]),
  ...section('Payments', [
    limited(
      'setup_page',
      post('/v1/accounts/:id/payment-methods/setup', owner, paymentMethods.setup, 'Get a page where a card is saved'),
    ),
    get('/v1/accounts/:id/payment-methods', owner, paymentMethods.list, 'List saved payment methods'),
    post('/v1/accounts/:id/payment-methods', owner, paymentMethods.add, 'Save a payment method'),
    patch('/v1/accounts/:id/payment-methods/:methodId', owner, paymentMethods.changeRole, 'Make it primary or backup'),
    del('/v1/accounts/:id/payment-methods/:methodId', owner, paymentMethods.remove, 'Remove a payment method'),
    post('/v1/accounts/:id/prepayments', owner, prepayments.pay, 'Pay in advance with a saved method'),
    limited(
      'checkout',
      post(
        '/v1/accounts/:id/prepayments/checkout',
        owner,
        checkout.open,
        'Pay in advance with a new card or a third-party provider',
      ),
    ),
    get('/v1/accounts/:id/prepayments', anyoneOrAdmin, prepayments.list, 'List prepayments'),
    get('/v1/accounts/:id/prepayments/:prepaymentId', anyoneOrAdmin, prepayments.read, 'Read a prepayment'),
    post(
      '/v1/accounts/:id/prepayments/:prepaymentId/refund',
      admin,
      refunds.ofPrepayment,
      'Refund a prepayment, in part or whole',
    ),
    post('/v1/webhooks/stripe', anybody, stripeEvents.receive, "Take an event of Stripe's"),
  ]),
  ...section('Auto-reload', [
    get('/v1/accounts/:id/reloads', anyoneOrAdmin, records.reloads, 'List reloads and their attempts'),
    post('/v1/accounts/:id/reloads/:number/refund', admin, refunds.ofReload, 'Refund a reload, in part or whole'),
    post(
      '/v1/accounts/:id/reloads/:number/abandon',
      admin,
      abandonReload.abandon,
      'Give up canceling what a closed reload has left open at Stripe',
    ),
    get('/v1/accounts/:id/auto-reload', anyoneOrAdmin, autoReload.read, 'Read auto-reload'),
    put('/v1/accounts/:id/auto-reload', owner, autoReload.configure, 'Enable auto-reload or change its settings'),
    del('/v1/accounts/:id/auto-reload', owner, autoReload.disable, 'Disable auto-reload'),
    post('/v1/accounts/:id/auto-reload/preview', owner, autoReload.preview, 'What a change of auto-reload would do'),
    post(
      '/v1/accounts/:id/auto-reload/trial',
      ownerOrAdmin,
      trial.run,
      "Run settings over the account's past usage, without charging",
    ),
    post('/v1/accounts/:id/auto-reload/pause', owner, autoReload.pause, 'Pause auto-reload'),
    post('/v1/accounts/:id/auto-reload/resume', owner, autoReload.resume, 'Resume auto-reload'),
  ]),
  ...section('Webhook endpoints', [
    get('/v1/accounts/:id/webhook-endpoints', owner, webhookEndpoints.list, 'List webhook endpoints'),
    post('/v1/accounts/:id/webhook-endpoints', owner, webhookEndpoints.add, 'Register a webhook endpoint'),
    del('/v1/accounts/:id/webhook-endpoints/:eid', owner, webhookEndpoints.remove, 'Remove a webhook endpoint'),
    get(
      '/v1/accounts/:id/webhook-endpoints/:eid/deliveries',
      owner,
      webhookEndpoints.deliveries,
      'List what was sent to an endpoint',
    ),
    post('/v1/accounts/:id/webhook-endpoints/:eid/rotate', owner, webhookEndpoints.rotate, 'Make a new signing secret'),
    limited(
      'test_webhook',
      post('/v1/accounts/:id/webhook-endpoints/:eid/test', owner, webhookEndpoints.test, 'Send a test webhook'),
    ),
  ]),
  ...section('Operations', [
    get('/v1/system', admin, system.read, 'What is reached, what lags, and what waits'),
    get('/v1/reconcile', admin, reconcile.read, 'Read the last reports of reconciliation'),
    post('/v1/reconcile', admin, reconcile.reconcile, 'Compare Stripe, ledger and usage, and repair'),
    get(
      '/confirm/:token',
      anybody,
      confirmations.show,
      'A page: what an owner is asked to confirm, or what became of it',
    ),
    get('/invitations/:token', anybody, invitations.show, 'A page: whether an address is yours'),
    post('/invitations/:token', anybody, invitations.accept, 'Confirms an address'),
    post('/confirm/:token', anybody, confirmations.begin, "On to the bank's page"),
    get('/healthz', anybody, operations.healthz, 'Is the process alive?'),
    get('/readyz', anybody, operations.readyz, 'Can it do its work?'),
    get('/metrics', admin, operations.metrics, "This process's numbers, for Prometheus"),
    get('/dev/mailbox', admin, operations.mailbox, 'All mail of the embedded default'),
  ]),
];
