/**
 * How a test file gets its modules. The file itself is jest's, anew each time; whatever it imports is loaded by Node, as
 * `npm test` has compiled it and as production runs it, once for each worker of jest. All run in one realm, as there too:
 * an error of Node's is an `Error` here.
 */
const { existsSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join, relative } = require('node:path');
const { compileFunction, constants } = require('node:vm');
const { default: JestRuntime } = require('jest-runtime');

module.exports = class Runtime extends JestRuntime {
  constructor(config, ...others) {
    super(config, ...others);
    this.rootDir = config.rootDir;
    const { executor } = this;
    executor.compile = (source, filename) =>
      compileFunction(source, executor.injectedModuleParameters, {
        filename,
        importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
      });
  }

  requireModuleOrMock(from, name) {
    const compiled = this.compiled(from);
    // The console's files have no compiled twin: jest transforms them as it does the test file.
    if (name === '@jest/globals' || !existsSync(compiled)) return super.requireModuleOrMock(from, name);
    return createRequire(compiled)(name);
  }

  /** Of jest's own, only what counts the tests of a file is anew for each. */
  requireInternalModule(from, name) {
    return name === undefined ? super.requireInternalModule(from) : createRequire(from)(name);
  }

  /** Where the file is that Node would run. */
  compiled(file) {
    return join(this.rootDir, 'dist', relative(this.rootDir, file)).replace(/\.ts$/, '.js');
  }
};
