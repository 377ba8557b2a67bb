/** The campaign over the whole product in its short form: what was acknowledged stands, whatever was killed, cut or frozen. */
import { runCampaign } from '../support/campaign';

test('three faults beside operations: every invariant holds after each, and nothing acknowledged is lost', async () => {
  const output = await runCampaign('product', '--seed', '7', '--faults', '3', '--no-shrink');
  expect(output).toMatch(/^ +faults +[34]$/m);
  expect(output).toMatch(/^ +violations +0$/m);
}, 300_000);
