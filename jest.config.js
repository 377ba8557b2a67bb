/** How the tests run: TypeScript through swc (types are checked by `npm run check`), servers started once in globalSetup. */
const swc = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
};

module.exports = {
  testEnvironment: '<rootDir>/test/runner/environment.js',
  runtime: '<rootDir>/test/runner/runtime.js',
  testSequencer: '<rootDir>/test/runner/sequencer.js',
  setupFilesAfterEnv: ['<rootDir>/test/runner/retries.js'],
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: { '\\.ts$': ['@swc/jest', swc] },
  globalSetup: '<rootDir>/test/support/globalSetup.ts',
  globalTeardown: '<rootDir>/test/support/globalTeardown.ts',
  // Of a machine with many times its usual load: what is waited for is a state.
  testTimeout: 180_000,
  // More than two cores, as CI has: tests wait for servers more than they compute.
  maxWorkers: 3,
};
