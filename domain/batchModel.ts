/** Whether a model takes batches: text models of OpenAI and Anthropic only, for which a batch is offered (L2). */

export type BatchModel = {
  provider: string;
  license: 'open' | 'commercial';
  output: string;
  batch: boolean;
  /** From then on it is not offered any more. */
  deprecatedAt: Date | null;
};

/** `because` goes on from the model's name. */
export type ModelRefusal = { code: 'model_not_found' | 'model_not_supported'; because: string };

const PROVIDERS = new Set(['openai', 'anthropic']);

/** Why not, or null when it does. @param model undefined when there is none of this name */
export function refuseModel(model: BatchModel | undefined, nowMs: number): ModelRefusal | null {
  if (!model) return { code: 'model_not_found', because: 'is not on sale' };
  const { provider, license, output, batch, deprecatedAt } = model;
  const unsupported = (because: string): ModelRefusal => ({ code: 'model_not_supported', because });
  if (license === 'open') return unsupported('is an open model; batches take commercial ones');
  if (!PROVIDERS.has(provider.toLowerCase())) return unsupported('is neither of OpenAI nor of Anthropic');
  if (output !== 'text') return unsupported(`gives ${output}; batches give text`);
  if (!batch) return unsupported('is not offered for batches');
  if (deprecatedAt !== null && deprecatedAt.getTime() <= nowMs) return unsupported('is not offered any more');
  return null;
}
