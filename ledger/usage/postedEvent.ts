/** A usage event as it was posted. */
import type { Nano } from '../../domain/money';

export type UsageKind = 'text' | 'image' | 'batch';
export type PostedEvent = {
  id: string;
  model: string;
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  images: number;
  imageSize: string | null;
  at: Date;
  cost: Nano;
  kind: UsageKind;
  /** The commit that posted it. */
  posting: bigint;
};

export type EventRow = {
  event_id: string;
  model: string;
  input_tokens: bigint;
  cached_input_tokens: bigint;
  output_tokens: bigint;
  images: bigint;
  image_size: string | null;
  at: Date;
  cost_nano: Nano;
  kind: UsageKind;
  posting: bigint;
};

export function toPostedEvent(row: EventRow): PostedEvent {
  return {
    id: row.event_id,
    model: row.model,
    inputTokens: Number(row.input_tokens),
    cachedInputTokens: Number(row.cached_input_tokens),
    outputTokens: Number(row.output_tokens),
    images: Number(row.images),
    imageSize: row.image_size,
    at: row.at,
    cost: row.cost_nano,
    kind: row.kind,
    posting: row.posting,
  };
}
