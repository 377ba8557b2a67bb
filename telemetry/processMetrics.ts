/** The metrics of a process, and the port where Prometheus reads them, if the deployment wants one (METRICS_PORT). */
import { createMetrics, type Metrics } from './metrics';
import type { Output } from './log';
import { serveMetrics, type MetricsServer } from './metricsServer';
import { readVersion } from './version';

export type ProcessMetrics = Metrics & { close(): Promise<void> };

/** Whoever has the port may be the process before this one, which is about to end. */
const RETRY_MS = 5_000;

/**
 * A port that can't be had stops no process: that is logged, and tried again.
 * @param name which of Ballast's processes it is
 */
export async function startProcessMetrics(
  name: string,
  { METRICS_PORT: port, METRICS_HOST: host }: { METRICS_PORT?: number | undefined; METRICS_HOST: string },
  { log, say }: Output,
  retryMs = RETRY_MS,
): Promise<ProcessMetrics> {
  const metrics = createMetrics(name, readVersion());
  metrics.addProcess();
  let server: MetricsServer | null = null;
  let retry: NodeJS.Timeout | null = null;

  async function serve(onPort: number): Promise<void> {
    try {
      server = await serveMetrics(metrics, onPort, host);
      say(`metrics of ${name} on http://${host}:${server.port}/metrics`);
    } catch (error) {
      log.error({ err: error, port: onPort, host }, 'metrics can not be served; it is tried again');
      retry = setTimeout(() => void serve(onPort), retryMs).unref();
    }
  }

  if (port !== undefined) await serve(port);
  return {
    ...metrics,
    async close() {
      if (retry) clearTimeout(retry);
      await server?.close();
    },
  };
}
