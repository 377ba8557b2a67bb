/** `npm run bench [-- --quick]`: measures, shows and keeps the figures. */
import { crossingToCredited } from './crossingToCredited';
import { startBallast } from './ballast';
import { ingest } from './ingest';
import { keep, show } from './results';

async function main(args: string[]): Promise<void> {
  const quick = args.includes('--quick');
  const ballast = await startBallast();
  try {
    const figures = [
      ...(await ingest(ballast, quick ? { runs: 2, events: 20_000 } : { runs: 5, events: 100_000 })),
      ...(await crossingToCredited(ballast, quick ? 5 : 20)),
    ];
    figures.forEach(show);
    if (!quick) keep(figures);
  } finally {
    await ballast.stop();
  }
}

main(process.argv.slice(2)).then(() => process.exit(0), (error: Error) => {
  console.error(error.message);
  process.exit(1);
});
