/**
 * Random clicks as each role: the browser complains of nothing, the API breaks nowhere, and no role is led to a refusal.
 * `npm run console:monkey` does 500 for each role by another seed each time; MONKEY_SEED repeats one.
 */
import { openAccount, putModel, report, type TestAccount } from '../support/api';
import { addCard, testsInBrowser } from '../support/browser';
import { playMonkey, seeded } from '../support/monkey';

const CLICKS = Number(process.env.MONKEY_CLICKS ?? 15);
const SEED = Number(process.env.MONKEY_SEED ?? (process.env.MONKEY_CLICKS === undefined ? 1 : Date.now() % 1_000_000));
const MS_PER_CLICK = 8_000;

const ROLES = ['owner', 'modifier', 'member', 'admin'] as const;
const accounts = new Map<string, TestAccount>();
const inBrowser = testsInBrowser(async ({ api }) => {
  await putModel(api, 'chat');
  // One for each: an owner's monkey may revoke the keys of the others.
  for (const role of ROLES) {
    const account = await openAccount(api, '40.00');
    await addCard(api, account);
    await report(api, [{ id: 'one', accountId: account.id, model: 'chat', inputTokens: 2_500_000 }]);
    accounts.set(role, account);
  }
});

for (const role of ROLES)
  inBrowser(
    `C1, C2 ${CLICKS} random clicks of a person with the role ${role} (seed ${SEED}) break nothing and are refused nothing`,
    async ({ visit, api }) => {
      const { page, complaints } = await visit({ key: role === 'admin' ? api.admin : accounts.get(role)![role] });
      await page.getByRole('heading', { level: 1 }).waitFor();
      await playMonkey(page, page.url(), CLICKS, seeded(SEED));
      expect(complaints).toEqual([]);
    },
    CLICKS * MS_PER_CLICK,
  );
