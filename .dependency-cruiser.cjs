/** Which folder may import what: one way only, as docs/concepts.md draws it. `npm run check` and a test run it. */

const folders = [
  'domain',
  'telemetry',
  'ledger',
  'stripe',
  'payments',
  'usage',
  'batches',
  'notices',
  'activities',
  'workers',
  'workflows',
  'api',
  'verify',
  'client',
  'dev',
  'bench',
  'chaos',
  'examples',
  'console',
  'test',
];

/** What each folder may import of the others. dev, bench, chaos and test put things together: for them only the rules below hold. */
const may = {
  domain: [],
  telemetry: [],
  ledger: ['domain'],
  stripe: ['domain'],
  payments: ['domain', 'ledger', 'stripe'],
  usage: ['domain', 'ledger'],
  batches: ['domain', 'ledger'],
  notices: ['domain', 'ledger'],
  activities: ['domain', 'ledger', 'payments', 'usage', 'batches', 'notices'],
  workflows: ['domain', 'activities'],
  workers: [
    'domain',
    'telemetry',
    'ledger',
    'stripe',
    'payments',
    'usage',
    'batches',
    'notices',
    'activities',
    'workflows',
  ],
  api: ['domain', 'telemetry', 'ledger', 'notices', 'stripe', 'payments', 'usage', 'batches', 'workflows'],
  // Nothing of the ledger: what it proves must not be proved by the code that may be wrong.
  verify: ['domain'],
  client: [],
  examples: ['client'],
};

/** Beside the workflows, for whoever talks to them: how to start and wake one. Not part of the bundle. */
const starters = '^workflows/(wake|start[A-Z]\\w*)\\.ts$';
const contract = '^workflows/(messages|timeouts)\\.ts$';

/** What is run by its path: by npm, by a supervisor, in a container, in a browser. */
const programs = [
  'api/main',
  'workers/(main|batchesMain|migrate|backup|restore|restoreUsage|bundle)',
  'workflows/(index|carryTrace)',
  'verify/main',
  'client/index',
  'console/(src/main|vite\\.config|public/\\w+)',
  'examples/([^/]+/main|webhook-receiver)',
  'dev/(start|demo|trace|models|historySave|schemaSave|consoleTypesSave|onDatabase|stripe/main|cluster/main|upgrade/main)',
  'bench/(scale/main|main|failover/main|soak/main|helloServer|withoutDatabase)',
  'chaos/(product/(main|wrongClock)|batches/(main|executor))',
].map((path) => `^${path}\\.(tsx?|m?js)$`);
const tests = [
  '.*\\.test',
  'support/global(Setup|Teardown)',
  'replay/(record|brokenWorkflows)',
  'workflows/versions/(older|newer|otherBalance)',
  'contract/schemathesis',
  'pictures/main',
].map((path) => `^test/${path}\\.ts$`);
/** Written by a program, or types of what has none. */
const generated = '\\.d\\.ts$';

const any = (names) => `^(${names.join('|')})/`;
const npm = (names) => `(^|/)node_modules/(${names.join('|')})/`;
const error = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

module.exports = {
  forbidden: [
    ...Object.entries(may).map(([folder, others]) =>
      error(
        `${folder}-imports`,
        `${folder} imports ${others.length === 0 ? 'nothing of the other folders' : others.join(', ')}.`,
        { path: `^${folder}/` },
        { path: any(folders.filter((other) => other !== folder && !others.includes(other))) },
      ),
    ),
    error(
      'domain-is-pure',
      'Time, ids and I/O are arguments: the domain imports zod at most.',
      { path: '^domain/' },
      { dependencyTypesNot: ['local'], pathNot: npm(['zod']) },
    ),
    error(
      'workflows-take-types-of-activities',
      'Activities run outside the workflow: it knows only what they look like.',
      { path: '^workflows/' },
      { path: '^activities/', dependencyTypesNot: ['type-only'] },
    ),
    error(
      'workflows-stay-small',
      'The workflow bundle is loaded for every account: zod and the like stay out of it.',
      { path: '^workflows/' },
      { path: '^domain/config' },
    ),
    error(
      'workflows-are-deterministic',
      'What a workflow does must come out the same again: no I/O, no Node, no other libraries.',
      { path: '^workflows/', pathNot: starters },
      { dependencyTypesNot: ['local', 'type-only'], pathNot: npm(['@temporalio/(workflow|common)']) },
    ),
    error(
      'workflows-do-not-start-workflows-as-clients',
      'Starters hold a connection; a workflow has none.',
      { path: '^workflows/', pathNot: starters },
      { path: starters },
    ),
    error(
      'workflows-are-talked-to-by-messages',
      'Processes know the messages, the timeouts and how to start one; the workflows themselves are bundled by path.',
      { path: any(['api', 'workers']) },
      { path: '^workflows/', pathNot: [starters, contract] },
    ),
    error(
      'nothing-imports-tests',
      'What runs outside the tests does not need them.',
      { pathNot: '^test/' },
      { path: '^test/' },
    ),
    error(
      'nothing-imports-bench-or-chaos',
      'They put everything else together and are needed by nothing.',
      { pathNot: any(['bench', 'chaos', 'test']) },
      { path: any(['bench', 'chaos']) },
    ),
    error(
      'express-stays-in-api',
      'Nothing of Express below api/.',
      { pathNot: any(['api', 'bench', 'dev', 'test']) },
      { path: npm(['express', '@types/express']), dependencyTypesNot: ['type-only'] },
    ),
    error(
      'stripe-stays-in-stripe',
      'One seam to the provider. Its types may be named elsewhere.',
      { pathNot: any(['stripe', 'dev', 'test']) },
      { path: npm(['stripe']), dependencyTypesNot: ['type-only'] },
    ),
    error(
      'api-asks-stripe-through-payments',
      "What is asked of the provider is a step in a payment's life. Only the composition root makes the adapter; others name its port.",
      { path: '^api/', pathNot: '^api/(main|composition)\\.ts$' },
      { path: '^stripe/', pathNot: '^stripe/(port|reach)\\.ts$' },
    ),
    error(
      'console-imports',
      'The console knows the API by its document: it runs in a browser and imports nothing of the server.',
      { path: '^console/' },
      { path: any(folders.filter((folder) => folder !== 'console')) },
    ),
    error(
      'console-pages-stand-alone',
      'Each page of the console is loaded by itself: what two share lies in features/ or components/.',
      { path: '^console/src/pages/([^/]+)/' },
      { path: '^console/src/pages/', pathNot: '^console/src/pages/$1/' },
    ),
    error(
      'console-goes-down',
      'Components know no feature and no page; features know no page; only the frame knows the pages.',
      { path: '^console/src/(components|features|format|api)/' },
      { path: '^console/src/(pages|app)/' },
    ),
    error(
      'no-circles',
      'What runs in a circle starts half loaded, and files that name each other only by their types can not be read one after the other.',
      {},
      { circular: true },
    ),
    error(
      'no-unused-files',
      'No program leads to this file. One that only tests need lies in test/ or dev/.',
      { path: programs },
      { path: any([...Object.keys(may), 'console']), pathNot: [...programs, generated], reachable: false },
    ),
    error(
      'no-unused-helpers',
      'Neither a program nor a test leads to this file.',
      { path: [...programs, ...tests] },
      { path: '^(dev|bench|chaos|test)/.*\\.ts$', pathNot: [...programs, ...tests], reachable: false },
    ),
    error('no-unresolved', 'The import leads nowhere.', {}, { couldNotResolve: true }),
    error(
      'no-dev-packages',
      'Production does not install development packages.',
      { path: any(Object.keys(may)) },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|coverage|\\.ballast[^/]*)/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
