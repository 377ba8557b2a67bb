/** Says in each message to a workflow which trace it belongs to; one that belongs to none says nothing. */
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { defaultPayloadConverter, type Headers } from '@temporalio/common';
import type { Tracing } from '../../telemetry/spans';
import { TRACE_HEADER } from '../../workflows/messages';

export function traceMessages(tracing: Tracing): WorkflowClientInterceptor {
  /** @param send is given the headers to send */
  function told<T>(name: string, workflowId: string, headers: Headers, send: (all: Headers) => Promise<T>): Promise<T> {
    if (!tracing.current()) return send(headers);
    const options = { kind: 'client', attributes: { 'temporal.workflow.id': workflowId } } as const;
    return tracing.span(`temporal ${name}`, options, () => {
      const carrier = tracing.current()?.carrier;
      return send({ ...headers, [TRACE_HEADER]: defaultPayloadConverter.toPayload(carrier) });
    });
  }

  return {
    startWithDetails: (input, next) =>
      told(`start ${input.workflowType}`, input.options.workflowId, input.headers, (headers) =>
        next({ ...input, headers }),
      ),
    signal: (input, next) =>
      told(`signal ${input.signalName}`, input.workflowExecution.workflowId, input.headers, (headers) =>
        next({ ...input, headers }),
      ),
    signalWithStart: (input, next) =>
      told(`signal ${input.signalName}`, input.options.workflowId, input.headers, (headers) =>
        next({ ...input, headers }),
      ),
    startUpdate: (input, next) =>
      told(`update ${input.updateName}`, input.workflowExecution.workflowId, input.headers, (headers) =>
        next({ ...input, headers }),
      ),
    startUpdateWithStart: (input, next) =>
      told(`update ${input.updateName}`, input.workflowStartOptions.workflowId ?? '', input.updateHeaders, (headers) =>
        next({ ...input, workflowStartHeaders: headers, updateHeaders: headers }),
      ),
  };
}
