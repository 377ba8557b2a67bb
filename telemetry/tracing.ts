/** Traces: which work belongs to which request, in whatever process it is done. Nothing of OpenTelemetry is loaded unless a trace is sent somewhere. */
import type { Tracing } from './spans';

/** OpenTelemetry's own variables; it reads the others by itself. */
export type TracingConfig = {
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string | undefined;
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' | 'http/json';
  OTEL_SERVICE_NAME?: string | undefined;
  OTEL_SDK_DISABLED: 'true' | 'false';
};

/** @param name of the process @returns undefined where the environment names no place to send traces to */
export async function startTracing(name: string, version: string, config: TracingConfig): Promise<Tracing | undefined> {
  const endpoint = config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? config.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined || config.OTEL_SDK_DISABLED === 'true') return undefined;
  const { createTracing } = await import('./openTelemetry.js');
  return createTracing({
    serviceName: config.OTEL_SERVICE_NAME ?? `ballast-${name}`,
    version,
    protocol: config.OTEL_EXPORTER_OTLP_PROTOCOL,
  });
}

/** For each line of a log: the trace that it belongs to. */
export function traceFields(tracing: Pick<Tracing, 'current'> | undefined): () => object {
  return () => {
    const current = tracing?.current();
    return current ? { traceId: current.traceId, spanId: current.spanId } : {};
  };
}
