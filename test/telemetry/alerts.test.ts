/** Issue 13.6: alerts and the dashboard ask for what is counted, Prometheus understands them, and each alert says what to do. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../dev/commands';
import { findPromtool } from '../support/promtool';

const root = join(__dirname, '..', '..');
const folder = join(root, 'telemetry', 'prometheus');
const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');

type Panel = {
  id: number;
  type: string;
  title: string;
  datasource?: { uid: string };
  gridPos: { x: number; w: number };
  targets?: { refId: string; expr: string; datasource: { uid: string } }[];
};
const rules = read('telemetry', 'prometheus', 'alerts.yml');
const alerts = [...rules.matchAll(/- alert: (\w+)$/gm)].map(([, name]) => name!);
const dashboard = JSON.parse(read('telemetry', 'grafana', 'ballast.json')) as { uid: string; panels: Panel[] };
const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

/** By metric: its labels. The document's list is held to what processes expose by metrics.test. */
const metrics = new Map(
  [...read('docs', 'metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*)\|/gm)].flatMap(([, name, type, cell]) => {
    const labels = [...cell!.matchAll(/`(\w+)`/g)].map(([, label]) => label!);
    return type === 'histogram'
      ? ['bucket', 'sum', 'count'].map(
          (part) => [`${name}_${part}`, part === 'bucket' ? [...labels, 'le'] : labels] as const,
        )
      : [[name!, labels] as const];
  }),
);
/** What Prometheus adds to each. */
const OWN_LABELS = ['job', 'instance'];

/** Each metric that a text asks for, with the labels by which it selects. */
function askedIn(text: string): { name: string; labels: string[] }[] {
  return [...text.matchAll(/\b((?:ballast|nodejs|process)_\w+)(?:\{([^}]*)\})?/g)].map(([, name, selector = '']) => ({
    name: name!,
    labels: [...selector.matchAll(/(\w+)\s*[=!]/g)].map(([, label]) => label!),
  }));
}
const unknownIn = (text: string): string[] =>
  askedIn(text).flatMap(({ name, labels }) => {
    const has = metrics.get(name);
    if (!has) return [name];
    return labels.filter((label) => !has.includes(label) && !OWN_LABELS.includes(label)).map((one) => `${name} ${one}`);
  });
/** Rules without what people read and where it stands, in which a queue or a folder may look like a metric. */
const expressions = rules.replace(/^ *(summary|runbook): .*$/gm, '');

test('alerts and dashboard ask for metrics and labels that there are', () => {
  expect(alerts.length).toBeGreaterThan(25);
  expect(queries.length).toBeGreaterThan(40);
  expect(unknownIn(expressions)).toEqual([]);
  expect(queries.flatMap(unknownIn)).toEqual([]);
  expect(unknownIn('ballast_nothing + ballast_gates{nobody="x"}')).toEqual(['ballast_nothing', 'ballast_gates nobody']);
});

test('the dashboard shows all that Ballast counts', () => {
  const shown = new Set(queries.flatMap(askedIn).map(({ name }) => name.replace(/_(bucket|sum|count)$/, '')));
  const counted = [...metrics.keys()]
    .filter((name) => name.startsWith('ballast_'))
    .map((name) => name.replace(/_(bucket|sum|count)$/, ''));
  expect([...new Set(counted)].filter((name) => !shown.has(name))).toEqual([]);
});

test('panels have ids of their own, a datasource that can be chosen, and fit into the width', () => {
  const { panels } = dashboard;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const { type, title, datasource, targets = [], gridPos } of panels) {
    expect(title).not.toBe('');
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    if (type === 'row') continue;
    expect([datasource, ...targets.map((target) => target.datasource)].map((one) => one?.uid)).toEqual(
      Array.from({ length: targets.length + 1 }, () => '${datasource}'),
    );
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
  }
});

test('the runbook has a section for each alert and for nothing else, and says how urgent it is', () => {
  const sections = [...read('docs', 'runbook.md').matchAll(/^### (\w+)\n_(page|ticket)\._ /gm)];
  expect(sections.map(([, name]) => name).sort()).toEqual([...alerts].sort());
  for (const [, name, severity] of sections) {
    const rule = rules.split('- alert: ').find((one) => one.startsWith(`${name}\n`))!;
    expect(rule).toContain(`severity: ${severity}\n`);
    expect(rule).toContain(`runbook: docs/runbook.md#${name!.toLowerCase()}\n`);
    expect(rule).toMatch(/^ +summary: /m);
  }
});

test('each alert is shown quiet and firing', () => {
  const cases = read('telemetry', 'prometheus', 'alerts.test.yml').split('alert_rule_test:').slice(1);
  const shown = cases.map(
    (one) => /- \{ eval_time: \w+, alertname: (\w+) \}\s+- eval_time:[\s\S]*exp_alerts:/.exec(one)?.[1],
  );
  expect(shown.sort()).toEqual([...alerts].sort());
});

test('promtool understands configuration, rules and queries, and alerts fire when they shall', async () => {
  const promtool = await findPromtool();
  if (promtool === null) {
    process.stderr.write('alerts and dashboard: not checked by promtool, which is not here and can not be had\n');
    return;
  }
  const temporary = mkdtempSync(join(tmpdir(), 'ballast-promtool-'));
  const ask = (...args: string[]) => run(promtool, args, { timeoutMs: 120_000, cwd: folder });
  const asRules = (all: string[]): string =>
    JSON.stringify({
      groups: [
        {
          name: 'queries',
          rules: all.map((expr, index) => ({
            record: `query_${index}`,
            expr: expr.replaceAll('$__rate_interval', '5m'),
          })),
        },
      ],
    });
  const write = (name: string, text: string): string => {
    writeFileSync(join(temporary, name), text);
    return join(temporary, name);
  };
  try {
    const answers = await Promise.all([
      ask('check', 'config', 'prometheus.yml'),
      ask('test', 'rules', 'alerts.test.yml'),
      ask('check', 'rules', write('queries.yml', asRules(queries))),
      ask('check', 'rules', write('broken.yml', asRules(['sum(ballast_gates']))),
    ]);
    expect(answers.slice(0, 3).filter(({ code }) => code !== 0)).toEqual([]);
    expect(answers[3].code).not.toBe(0);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
});
