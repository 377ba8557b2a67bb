/** Whether a model takes batches: text models of OpenAI and Anthropic only, for which a batch is offered (L2). */
import type { FileError } from './batch';

export type BatchModel = {
  provider: string;
  license: 'open' | 'commercial';
  output: string;
  batch: boolean;
  deprecatedAt: Date | null;
};

const PROVIDERS = new Set(['openai', 'anthropic']);

/** Why not, as an error of the file's first line; null when it does. */
export function refuseModel(name: string, model: BatchModel | undefined, nowMs: number): FileError | null {
  const refuse = (code: FileError['code'], because: string): FileError => ({
    code,
    message: `line 1: ${because}`,
    param: 'body.model',
    line: 1,
  });
  if (!model) return refuse('model_not_found', `there is no model ${name}`);
  const unsupported = (because: string): FileError => refuse('model_not_supported', `the model ${name} ${because}`);
  if (model.license === 'open') return unsupported('is an open model; batches take commercial ones');
  if (!PROVIDERS.has(model.provider.toLowerCase())) return unsupported('is neither of OpenAI nor of Anthropic');
  if (model.output !== 'text') return unsupported(`gives ${model.output}; batches give text`);
  if (!model.batch) return unsupported('is not offered for batches');
  if (model.deprecatedAt !== null && model.deprecatedAt.getTime() <= nowMs)
    return unsupported('is not offered any more');
  return null;
}
