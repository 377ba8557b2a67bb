/** The numbers of one process, as Prometheus reads them: counted where things happen, put together when they are asked for. */
import type * as Prometheus from 'prom-client';
import { Counter, defaultMetrics, Gauge, Histogram, Registry } from './prometheus';

/** Values by their labels, such as `[{ state: 'ok' }, 3]`. */
export type Sample = [labels: Record<string, string>, value: number];

export type Metrics = {
  /** Counts by itself. For what happens at most some thousand times a second. */
  counter<Label extends string>(name: string, help: string, labels?: readonly Label[]): Prometheus.Counter<Label>;
  histogram<Label extends string>(
    name: string,
    help: string,
    options: { buckets: number[]; labels?: readonly Label[] },
  ): Prometheus.Histogram<Label>;
  /** A number that only grows and is counted elsewhere, such as in plain integers on a hot path: read when it is asked for. */
  countedElsewhere(name: string, help: string, labels: readonly string[], read: () => Sample[]): void;
  /** Read when it is asked for. What `read` throws leaves the metric out. */
  gauge(name: string, help: string, labels: readonly string[], read: () => Sample[] | Promise<Sample[]>): void;
  /** Adds the process's own: event loop, memory, garbage, file descriptors, processor time. Once for each process. */
  addProcess(): void;
  /** What there is, for documents and their test. */
  list(): { name: string; type: string; labels: string[] }[];
  /** All of them in Prometheus's text format. */
  text(): Promise<string>;
  contentType: string;
};

/** Seconds, from what is answered from memory to what has timed out. */
export const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60];

/** @param process which of Ballast's it is, such as `api` @param version of the build */
export function createMetrics(process: string, version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  let uncounted = 0;
  /** What is counted stands beside what moves money: a fault of counting is itself counted, and goes no further. */
  const harmless =
    <Given extends unknown[]>(count: (...given: Given) => void) =>
    (...given: Given): void => {
      try {
        count(...given);
      } catch {
        uncounted += 1;
      }
    };

  const metrics: Metrics = {
    counter(name, help, labelNames = []) {
      const counter = new Counter({ name, help, labelNames, registers });
      return Object.assign(counter, { inc: harmless(counter.inc.bind(counter)) });
    },
    histogram(name, help, { buckets, labels: labelNames = [] }) {
      const histogram = new Histogram({ name, help, buckets, labelNames, registers });
      return Object.assign(histogram, { observe: harmless(histogram.observe.bind(histogram)) });
    },
    countedElsewhere(name, help, labelNames, read) {
      new Counter({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset();
          for (const [labels, value] of read()) this.inc(labels, value);
        },
      });
    },
    gauge(name, help, labelNames, read) {
      new Gauge({
        name,
        help,
        labelNames,
        registers,
        async collect() {
          this.reset();
          const samples = await Promise.resolve()
            .then(read)
            .catch((): Sample[] => []);
          // Without labels a gauge that was reset says 0, which would be a wrong answer.
          if (samples.length === 0 && labelNames.length === 0) return this.remove();
          for (const [labels, value] of samples) this.set(labels, value);
        },
      });
    },
    addProcess: () => addProcessMetrics(registry, metrics),
    list: () => registry.getMetricsAsArray().map(toListed),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
  metrics.countedElsewhere(
    'ballast_metrics_uncounted_total',
    'Numbers that could not be counted: a fault of ours.',
    [],
    () => [[{}, uncounted]],
  );
  metrics.gauge('ballast_build_info', 'Always 1; says which build runs.', ['process', 'version', 'node'], () => [
    [{ process, version, node: globalThis.process.versions.node }, 1],
  ]);
  return metrics;
}

/** prom-client's types leave out what its metrics say of themselves. */
function toListed(metric: unknown): ReturnType<Metrics['list']>[number] {
  const { name, labelNames, constructor } = metric as {
    name: string;
    labelNames: string[];
    constructor: { name: string };
  };
  return { name, type: constructor.name.toLowerCase(), labels: [...labelNames] };
}

function addProcessMetrics(registry: Prometheus.Registry, metrics: Metrics): void {
  for (const add of defaultMetrics) add(registry);
  metrics.countedElsewhere('process_cpu_seconds_total', 'Processor time of the process.', [], () => {
    const { user, system } = process.cpuUsage();
    return [[{}, (user + system) / 1e6]];
  });
}

/** Names that come from outside: so many different ones at most become labels, the rest is `other`. */
export function boundedLabel(namesMax: number): (name: string) => string {
  const known = new Set<string>();
  return (name) => {
    if (known.has(name)) return name;
    if (known.size >= namesMax || !/^[a-z0-9_]{1,64}$/.test(name)) return 'other';
    known.add(name);
    return name;
  };
}
