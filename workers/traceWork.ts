/** Traces of a worker: activities as spans of whatever their workflow was told, and the moments at which it was told. */
import { defaultPayloadConverter } from '@temporalio/common';
import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';
import type { Tracing } from '../telemetry/spans';
import { TRACE_HEADER, type TraceSinks } from '../workflows/messages';

/** An activity that belongs to no trace is no span: nobody asked for it. */
export const traceActivities =
  (tracing: Tracing): ActivityInterceptorsFactory =>
  ({ info }) => ({
    inbound: {
      execute(input, next) {
        const payload = input.headers[TRACE_HEADER];
        if (!payload) return next(input);
        const parent = defaultPayloadConverter.fromPayload<string>(payload);
        const attributes = {
          'temporal.workflow.id': info.workflowExecution?.workflowId ?? '',
          'temporal.run.id': info.workflowExecution?.runId ?? '',
          'temporal.attempt': info.attempt,
        };
        return tracing.span(`activity ${info.activityType}`, { parent, attributes }, () => next(input));
      },
    },
  });

/** Workflows tell of messages that belong to a trace, also where this worker sends none. */
export const traceSinks = (tracing: Tracing | undefined): InjectedSinks<TraceSinks> => ({
  traces: {
    received: {
      fn: ({ workflowId, workflowType, runId }, { name, ...moment }) =>
        tracing?.moment(`workflow ${workflowType} ${name}`, {
          ...moment,
          attributes: { 'temporal.workflow.id': workflowId, 'temporal.run.id': runId },
        }),
      callDuringReplay: false,
    },
  },
});
