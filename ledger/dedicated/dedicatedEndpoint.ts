/** A dedicated inference endpoint as a row (L7). */

export type DedicatedEndpoint = { name: string; model: string; createdAt: Date };

export type EndpointRow = { name: string; model_id: string; number: bigint; created_at: Date };

export const toEndpoint = ({ name, model_id, created_at }: EndpointRow): DedicatedEndpoint => ({
  name,
  model: model_id,
  createdAt: created_at,
});
