/** The sample of the real request trace, repeated without end. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export interface SampleRequest {
  /** Since the first request of the sample. */
  arrivalMs: number;
  inputTokens: number;
  outputTokens: number;
}

/** It lies beside the source, not beside the compiled file. */
const file = resolve(__dirname, '..', '..', 'dev', 'data', 'azure-llm-2023-sample.csv');
const pauseBetweenRepeatsMs = 1_000;

export function readSample(): SampleRequest[] {
  const [, ...rows] = readFileSync(file, 'utf8').trimEnd().split('\n');
  const parsed = rows.map((row) => {
    const [time, inputTokens, outputTokens] = row.split(',');
    const arrivalMs = Date.parse(`${time!.slice(0, 23).replace(' ', 'T')}Z`);
    return { arrivalMs, inputTokens: Number(inputTokens), outputTokens: Number(outputTokens) };
  });
  const first = parsed[0]!.arrivalMs;
  return parsed.map((request) => ({ ...request, arrivalMs: request.arrivalMs - first }));
}

/** The n-th request, from 0. */
export function requestAt(sample: readonly SampleRequest[], n: number): SampleRequest {
  const lengthMs = sample.at(-1)!.arrivalMs + pauseBetweenRepeatsMs;
  const request = sample[n % sample.length]!;
  return { ...request, arrivalMs: request.arrivalMs + Math.floor(n / sample.length) * lengthMs };
}
