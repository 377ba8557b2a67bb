/** Which models a dedicated endpoint can run: all that give text or images (L7). */

export type DedicatedModel = {
  output: 'text' | 'image' | 'embedding' | 'audio' | 'ranking';
  /** From then on it is not offered any more. */
  deprecatedAt: Date | null;
};

const REFUSED = { embedding: 'embedding', audio: 'audio', ranking: 're-ranking' } as const;

/** Why not, going on from the model's name; null when it does. */
export function refuseDedicated({ output, deprecatedAt }: DedicatedModel, nowMs: number): string | null {
  if (output !== 'text' && output !== 'image')
    return `is a model for ${REFUSED[output]}; dedicated endpoints take models that give text or images`;
  if (deprecatedAt !== null && deprecatedAt.getTime() <= nowMs) return 'is not offered any more';
  return null;
}
