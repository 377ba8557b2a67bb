/** An account's workflow as Temporal itself knows it. */
import { WorkflowNotFoundError } from '@temporalio/client';
import { z } from 'zod';
import { notFound } from '../../domain/errors';
import { balanceWorkflowId, decisionsQuery, stateQuery } from '../../workflows/messages';
import { ok } from '../http/endpoint';
import { ofAccount, time } from '../http/schemas';
import { reaching } from '../signals/temporal';
import { endpoint } from '../services';

const ANSWER_MS_MAX = 10_000;

const decision = z.strictObject({ at: time, kind: z.string(), rule: z.string(), because: z.string() });

export const read = endpoint({
  params: ofAccount,
  replies: {
    200: z.strictObject({
      workflowId: z.string(),
      runId: z.string(),
      status: z.string(),
      historyLength: z.number().int(),
      startedAt: time,
      state: z.record(z.string(), z.unknown()),
      decisions: z.array(decision),
    }),
  },
  uses: ['temporal'],
  refusals: ['temporal_unavailable'],
  async handle({ params: { id } }, { temporal }) {
    const handle = temporal.workflow.getHandle(balanceWorkflowId(id));
    const ask = () => Promise.all([handle.describe(), handle.query(stateQuery), handle.query(decisionsQuery)]);
    const [description, state, decisions] = await reaching(temporal, ANSWER_MS_MAX, () => ask().catch(orNotFound(id)));
    return ok({
      workflowId: description.workflowId,
      runId: description.runId,
      status: description.status.name,
      historyLength: description.historyLength,
      startedAt: description.startTime.toISOString(),
      state,
      decisions: decisions.map(({ atMs, kind, rule, because }) => ({
        at: new Date(atMs).toISOString(),
        kind,
        rule,
        because,
      })),
    });
  },
});

const orNotFound =
  (id: string) =>
  (error: unknown): never => {
    throw error instanceof WorkflowNotFoundError ? notFound(`workflow of account ${id}`) : error;
  };
