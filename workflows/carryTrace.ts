/**
 * Hands on, from a message to the activities that it leads to, which trace it belongs to. A workflow that lives for years
 * belongs to no one trace: what it does belongs to the newest message that had one. Who repeats what was missed has none.
 *
 * The ids of spans come from the run's id and place, never from the workflow's random numbers: those give reloads their
 * ids, and a run that was begun without traces must be replayed with the same ones.
 */
import { defaultPayloadConverter, type Headers } from '@temporalio/common';
import { proxySinks, workflowInfo, type WorkflowInterceptors } from '@temporalio/workflow';
import { TRACE_HEADER, type TraceSinks } from './messages';

export const interceptors = (): WorkflowInterceptors => {
  const { traces } = proxySinks<TraceSinks>();
  let carrier: string | undefined;
  let told = 0;

  /** From now on all belongs to this message. */
  function received(name: string, headers: Headers): void {
    const parent = readParent(headers[TRACE_HEADER]);
    const [, version, traceId, flags] =
      typeof parent === 'string' ? (/^(00)-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/.exec(parent) ?? []) : [];
    if (version === undefined) return;
    const { runId, historyLength } = workflowInfo();
    told += 1;
    const id = hash(`${runId}/${historyLength}/${told}`);
    carrier = `${version}-${traceId}-${id}-${flags}`;
    traces.received({ name, id, parent: parent as string, atMs: Date.now() });
  }

  const carried = <Input extends { headers: Headers }>(input: Input): Input =>
    carrier === undefined
      ? input
      : { ...input, headers: { ...input.headers, [TRACE_HEADER]: defaultPayloadConverter.toPayload(carrier) } };

  return {
    inbound: [
      {
        execute(input, next) {
          received('start', input.headers);
          return next(input);
        },
        handleSignal(input, next) {
          received(input.signalName, input.headers);
          return next(input);
        },
        handleUpdate(input, next) {
          received(input.name, input.headers);
          return next(input);
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(carried(input)),
        continueAsNew: (input, next) => next(carried(input)),
      },
    ],
  };
};

/** What another system sends under this name may be anything: that costs a trace, and never stops a workflow. */
function readParent(payload: Headers[string] | undefined): unknown {
  try {
    return payload && defaultPayloadConverter.fromPayload(payload);
  } catch {
    return undefined;
  }
}

/** 16 hexadecimal digits, by FNV-1a: no secret, only unlike the others. */
function hash(text: string): string {
  const half = (seed: number): string => {
    let sum = seed;
    for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
    return (sum >>> 0).toString(16).padStart(8, '0');
  };
  return half(0x811c9dc5) + half(0x9747b28c);
}
