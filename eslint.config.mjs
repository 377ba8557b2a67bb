/** What the linter holds: typed rules against lost promises and forgotten cases, and where the environment may be read. */
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { lookupsByName } from './dev/lint/lookupsByName.mjs';

const entryPoints = [
  'api/main.ts',
  'workers/main.ts',
  'workers/batchesMain.ts',
  'workers/migrate.ts',
  'workers/backup.ts',
  'workers/restore.ts',
  'workers/restoreUsage.ts',
  'verify/main.ts',
  'dev/**',
  'bench/**',
  'chaos/**',
  'examples/**',
  'test/**',
];
const tests = ['test/**/*.ts'];

export default defineConfig(
  { ignores: ['dist/', '**/dist/', 'coverage/', '.ballast*/', 'console/src/api/schema.d.ts'] },
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { ballast: { rules: { 'lookups-by-name': lookupsByName } } },
    rules: {
      // A promise that nobody waits for loses its error, and with it a credit or a mail.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/return-await': 'error',
      // Decisions and outcomes are unions: a new kind must be met everywhere.
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Types that are imported as types leave no trace in the workflow bundle.
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
      // Numbers in texts are wanted; objects are not.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // It takes a branded bigint, such as money, for no number.
      '@typescript-eslint/no-unsafe-unary-minus': 'off',
      // Objects here are closures without a `this` to lose.
      '@typescript-eslint/unbound-method': 'off',
      // `prices['constructor']` is a function, and an event named so took its whole batch down.
      'ballast/lookups-by-name': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
      'max-lines': ['warn', 300],
      // A function fits a screen.
      'max-lines-per-function': ['error', { max: 70, skipComments: true, skipBlankLines: true }],
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'The environment is read once, by entry points, through readConfig.',
        },
      ],
    },
  },
  {
    files: ['api/**'],
    ignores: ['api/signals/withDeadline.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.property.name='withDeadline']",
          message: "Call withDeadline of api/signals: the client's own makes every request of the process dearer.",
        },
      ],
    },
  },
  { files: entryPoints, rules: { 'no-restricted-properties': 'off', 'no-console': 'off' } },
  // What is said to these comes from the developer alone; the simulator merges objects by names, as Stripe does.
  { files: ['dev/**', 'bench/**', 'test/**'], rules: { 'ballast/lookups-by-name': 'off' } },
  {
    files: tests,
    rules: {
      // Tests look into rows, answers and broken input, whose types are not theirs to prove.
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/require-await': 'off',
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      // Left in by mistake, it would leave all other tests of its file out, in silence.
      'no-restricted-syntax': [
        'error',
        { selector: "MemberExpression[property.name='only']", message: 'A test marked `only` leaves the others out.' },
        { selector: 'Identifier[name=/^(fit|fdescribe)$/]', message: 'A test marked `only` leaves the others out.' },
      ],
    },
  },
  // Event handlers of React are not waited for; what is asynchronous in them is a mutation, which keeps its error. JSX is long.
  {
    files: ['console/src/**/*.tsx'],
    rules: {
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      'max-lines-per-function': ['error', { max: 100, skipComments: true, skipBlankLines: true }],
    },
  },
  { files: ['console/public/*.js'], languageOptions: { sourceType: 'script' } },
  // Plain JavaScript has no types to check by, and is only configuration and the bootstrap.
  {
    files: ['**/*.{js,cjs,mjs}'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { 'ballast/lookups-by-name': 'off' },
  },
  { files: ['**/*.{js,cjs}'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  { files: ['dev/*.mjs'], rules: { 'no-console': 'off' } },
);
