/** Tracing by OpenTelemetry's SDK, sent by OTLP over HTTP. Loaded only where traces are sent (tracing.ts). */
import {
  context,
  diag,
  DiagLogLevel,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
} from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider, RandomIdGenerator } from '@opentelemetry/sdk-trace-node';
import type { Carrier, Tracing } from './spans';

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT };

export type OpenTelemetryOptions = {
  serviceName: string;
  version: string;
  protocol: 'http/protobuf' | 'http/json';
};

export function createTracing({ serviceName, version, protocol }: OpenTelemetryOptions): Tracing {
  const ids = idsToChoose();
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': serviceName, 'service.version': version }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(protocol === 'http/json' ? new JsonExporter() : new ProtobufExporter())],
    idGenerator: ids,
  });
  provider.register();
  const tracer = trace.getTracer('ballast', version);

  return {
    span(name, { kind, attributes = {}, parent }, work) {
      const within = parent === undefined ? context.active() : toContext(parent);
      const options = { kind: kind ? KINDS[kind] : SpanKind.INTERNAL, attributes };
      return tracer.startActiveSpan(name, options, within, async (span) => {
        try {
          return await work((more) => span.setAttributes(more));
        } catch (error) {
          // Its message may say whose it is; the log has it.
          span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error | null)?.name ?? 'Error' });
          throw error;
        } finally {
          span.end();
        }
      });
    },
    moment(name, { id, parent, atMs, attributes }) {
      const span = ids.choose(id, () => tracer.startSpan(name, { attributes, startTime: atMs }, toContext(parent)));
      span.end(atMs);
    },
    current() {
      const span = trace.getSpanContext(context.active());
      if (!span) return null;
      const { traceId, spanId, traceFlags } = span;
      const flags = (traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, '0');
      return { traceId, spanId, carrier: `00-${traceId}-${spanId}-${flags}` };
    },
    keep() {
      const kept = context.active();
      return (work) => context.with(kept, work);
    },
    onFault(listener) {
      const tell = (message: string): void => listener(message);
      const ignore = (): void => undefined;
      const logger = { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore };
      diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
    },
    close: () => provider.shutdown(),
  };
}

/** What is no traceparent begins a trace of its own. */
const toContext = (parent: Carrier): Context => propagation.extract(ROOT_CONTEXT, { traceparent: parent });

/** Random ids, but for a span whose id was chosen elsewhere: its children were begun under it. */
function idsToChoose() {
  const random = new RandomIdGenerator();
  let chosen: string | null = null;
  return {
    generateTraceId: () => random.generateTraceId(),
    generateSpanId: () => chosen ?? random.generateSpanId(),
    choose<T>(id: string, work: () => T): T {
      chosen = id;
      try {
        return work();
      } finally {
        chosen = null;
      }
    },
  };
}
