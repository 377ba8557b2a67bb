/** Which test files start first: the longest, so that none of them runs alone at the end. */
const { default: Sequencer } = require('@jest/test-sequencer');

/** Seconds that a file of these folders takes, for machines on which it has not run yet; of others a few. */
const SECONDS = { chaos: 60, browser: 40, dev: 30, contract: 30, crash: 25, workflows: 20, client: 12, api: 10 };
const OTHERS_SECONDS = 5;

module.exports = class extends Sequencer {
  sort(tests) {
    const msOf = (test) => this.time(test) ?? 1_000 * (SECONDS[folderOf(test)] ?? OTHERS_SECONDS);
    return [...tests].sort((a, b) => msOf(b) - msOf(a));
  }
};

/** Of test/browser/pay.test.ts: browser. */
const folderOf = ({ path }) => path.split(/[\\/]/).at(-2);
