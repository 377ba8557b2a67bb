/** C3: each change that the audit log records is told of by the topic of the list that shows it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUDIT_WORDS, auditInWords } from '../../domain/audit';
import { AUDIT_TOPICS } from '../../ledger/accounts/readAuditTopics';

const root = join(__dirname, '..', '..');
const sources = ['ledger', 'payments', 'usage', 'notices', 'activities', 'api', 'workers'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .map((file) => join(root, folder, String(file)))
    .filter((file) => /\.(ts|sql)$/.test(file)),
);
/** In `recordAudit(db, accountId, actor, '<area>.…'`: what comes before it names no text with a point in it. */
const AREA = /\brecordAudit\([^;]*?['`]([a-z_]+)\./g;
const written = sources.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(AREA)].map(([, area]) => area!));

test('C3 the table of topics has every area that is written to the audit log, and no other', () => {
  expect(written.length).toBeGreaterThan(30);
  expect([...new Set(written)].sort()).toEqual(Object.keys(AUDIT_TOPICS).sort());
});

/** The whole name, where it stands there; the acts of auto-reload are held by their type. */
const ACTION = /\brecordAudit\([^;]*?['`]([a-z_]+\.[a-z_]+)['`]/g;

test('O5 every action that is written to the audit log has its words, and no others have', () => {
  const actions = sources.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(ACTION)].map(([, name]) => name!));
  const worded = Object.keys(AUDIT_WORDS).filter((action) => !action.startsWith('auto_reload.'));
  expect([...new Set(actions)].sort()).toEqual(worded.sort());
  for (const [action, words] of Object.entries(AUDIT_WORDS)) {
    expect(auditInWords(action)).toBe(words);
    expect(words).not.toMatch(/[_.]/);
  }
});

test('C3 nothing but recordAudit writes to the audit log, so that no action escapes the table', () => {
  const writers = sources.filter((file) => /insert into audit\b/.test(readFileSync(file, 'utf8')));
  expect(writers.map((file) => file.slice(root.length + 1))).toEqual(['ledger/audit/recordAudit.ts']);
});
