/** The campaign against batches in its short form: what is killed and frozen loses no money, quota or line. */
import { runCampaign } from '../support/campaign';

test('L3, L4 thirty jobs ended at random while processes are killed and frozen: nothing is held, bills are exact', async () => {
  const output = await runCampaign('batches', '--jobs', '30', '--seed', '1126');
  expect(output).toMatch(/^held at the end +\$0\.00$/m);
  expect(output).toMatch(/^reserved tokens at the end +0$/m);
}, 300_000);
