/** A reconciliation's report as people read it. */
import type { ReconcileReport } from '../../domain/reconciliation';

/** When the database was put back, as ISO 8601. */
export type Restored = { backupAt: string; restoredAt: string };

export function toReportText(report: ReconcileReport, restored: Restored | null): string {
  const { scanned, looked, repaired, unexplained, ledger } = report;
  const sections = [
    table([
      ['Reconciliation', `${report.startedAt} to ${report.finishedAt}`],
      [
        'Looked at',
        `${looked.payments} payments, ${looked.events} new events ${scanned.since === null ? '(everything at Stripe)' : `since ${scanned.since}`}`,
      ],
      ['Repaired', `${repaired.credited} credits, ${repaired.takenBack} taken back, ${repaired.noted} other`],
      ['Unexplained', unexplained.count === 0 ? 'nothing' : String(unexplained.count)],
      [
        'Ledger',
        ledger === null
          ? 'not checked in this run'
          : ledger.violations.length === 0
            ? 'right'
            : `${ledger.violations.length} violations`,
      ],
    ]),
    ledger &&
      table([
        ['Credited', ledger.sums.credited],
        ['Taken back', ledger.sums.takenBack],
        ['Used', ledger.sums.used],
        ['Adjusted', ledger.sums.adjusted],
        ['Balances', ledger.sums.balances],
      ]),
    section(
      'Repaired',
      repaired.newest.map(({ kind, accountId, about }) => [kind, accountId ?? '-', about]),
    ),
    section(
      'Unexplained',
      unexplained.newest.map(({ kind, accountId, paymentIntentId, detail }) => [
        kind,
        accountId ?? '-',
        paymentIntentId,
        detail,
      ]),
    ),
    section(
      'Violations',
      (ledger?.violations ?? []).map(({ invariant, accountId, detail }) => [invariant, accountId, detail]),
    ),
    restored &&
      `Missing\n  Usage that was reported between ${restored.backupAt} and ${restored.restoredAt}, unless it was sent again:\n` +
        '  the database was put back to a backup. Services send it again; what is here already is a duplicate.',
  ];
  return `${sections.filter((text) => text !== null).join('\n\n')}\n`;
}

const section = (title: string, rows: string[][]): string | null =>
  rows.length === 0 ? null : `${title}\n${table(rows.map((row) => ['', ...row]))}`;

/** Columns as wide as their widest cell, two spaces between. */
function table(rows: string[][]): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
