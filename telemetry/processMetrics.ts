/** The metrics of a process, and the port where Prometheus reads them, if the deployment wants one (METRICS_PORT). */
import { createMetrics, type Metrics } from './metrics';
import { serveMetrics } from './metricsServer';
import { readVersion } from './version';

export type ProcessMetrics = Metrics & { close(): Promise<void> };

/** @param name which of Ballast's processes it is */
export async function startProcessMetrics(
  name: string,
  { METRICS_PORT, METRICS_HOST }: { METRICS_PORT?: number | undefined; METRICS_HOST: string },
  say: (line: string) => void,
): Promise<ProcessMetrics> {
  const metrics = createMetrics(name, readVersion());
  metrics.addProcess();
  const server = METRICS_PORT === undefined ? null : await serveMetrics(metrics, METRICS_PORT, METRICS_HOST);
  if (server) say(`metrics of ${name} on http://${METRICS_HOST}:${server.port}/metrics`);
  return { ...metrics, close: async () => server?.close() };
}
