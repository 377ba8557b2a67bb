/** Ctrl-C while a campaign starts: whatever it has begun by then is stopped, and nothing of it is left. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCampaign } from '../support/campaign';
import { until } from '../support/notices';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ballast-ctrl-c-'));
  chmodSync(folder, 0o755); // for the user that Postgres runs as
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Command lines of processes whose data lies in the folder. */
const processes = (): string[] =>
  execFileSync('ps', ['-e', '-o', 'args='], { encoding: 'utf8', maxBuffer: 2 ** 24 })
    .split('\n')
    .filter((line) => line.includes(folder));

test.each(['product', 'batches'] as const)(
  '%s: no process and no file is left',
  async (name) => {
    const campaign = startCampaign(name, [], { env: { ...process.env, TMPDIR: folder }, detached: true });
    await until(processes, (lines) => lines.some((line) => line.includes('temporal')), 60_000);
    campaign.interrupt();
    expect(await campaign.ended).toMatchObject({ code: 130 });
    expect(processes()).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  },
  300_000,
);
