/** `npm run usage:restore -- 2026-09 [days]`: brings an archived month of usage back, for so many days (B8). */
import { archiveFolderOf, ownerUrlOf, readConfig } from '../domain/config';
import { openPool } from '../ledger/db';
import { restoreUsage } from '../usage/archive/restoreUsage';

const KEPT_DAYS = 7;

async function main([month, days = String(KEPT_DAYS)]: string[]): Promise<void> {
  if (!month || !/^\d{4}-\d{2}$/.test(month) || !/^\d{1,4}$/.test(days))
    throw new Error('Say which month, such as 2026-09, and for how many days if not for 7.');
  const config = readConfig(process.env);
  const pool = openPool(ownerUrlOf(config), { applicationName: 'ballast-restore' });
  try {
    const { events, leftOut } = await restoreUsage({
      pool,
      folder: archiveFolderOf(config),
      month,
      keptDays: Number(days),
    });
    process.stdout.write(`The ${events} usage events of ${month} are in the database for ${days} days.\n`);
    if (leftOut > 0)
      process.stdout.write(
        `${leftOut} more are in its file only: their ids were posted again since, and those stand.\n`,
      );
  } finally {
    await pool.end();
  }
}

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
