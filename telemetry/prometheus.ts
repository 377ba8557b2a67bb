/**
 * The parts of prom-client that are used. Its index also loads @opentelemetry/api, for the traces of one of its default
 * metrics; a process that sends no traces loads nothing of OpenTelemetry, so each part is loaded by its own path.
 */
import type * as Prometheus from 'prom-client';

type Part<Name extends keyof typeof Prometheus> = (typeof Prometheus)[Name];

/* eslint-disable @typescript-eslint/no-require-imports */
export const Registry = require('prom-client/lib/registry') as Part<'Registry'>;
export const Counter = require('prom-client/lib/counter') as Part<'Counter'>;
export const Gauge = require('prom-client/lib/gauge') as Part<'Gauge'>;
export const Histogram = require('prom-client/lib/histogram') as Part<'Histogram'>;

type DefaultMetric = (registry: Prometheus.Registry) => void;
/** Of the process: its event loop's lag, collections of garbage, memory, file descriptors and start. */
export const defaultMetrics: readonly DefaultMetric[] = [
  require('prom-client/lib/metrics/eventLoopLag') as DefaultMetric,
  require('prom-client/lib/metrics/gc') as DefaultMetric,
  require('prom-client/lib/metrics/heapSizeAndUsed') as DefaultMetric,
  require('prom-client/lib/metrics/osMemoryHeap') as DefaultMetric,
  require('prom-client/lib/metrics/processOpenFileDescriptors') as DefaultMetric,
  require('prom-client/lib/metrics/processMaxFileDescriptors') as DefaultMetric,
  require('prom-client/lib/metrics/processStartTime') as DefaultMetric,
];
