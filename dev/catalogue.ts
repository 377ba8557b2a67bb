/** A catalogue of models in a file, put through the API: real ones with their prices are in dev/data/models.json (L1). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Api } from './apiClient';

export type CatalogueModel = { id: string; [fact: string]: unknown };

/** Beside the sources; the compiler leaves data where it is. */
export const REAL_MODELS = join(__dirname, '..', '..', 'dev', 'data', 'models.json');

export const readCatalogue = (path: string): CatalogueModel[] =>
  JSON.parse(readFileSync(path, 'utf8')) as CatalogueModel[];

/** A model that exists with other prices is reported and left as it is: a price that has begun is never changed (B4). */
export async function putModels(
  admin: Api,
  models: readonly CatalogueModel[],
  tell: (line: string) => void = () => undefined,
): Promise<void> {
  for (const { id, ...facts } of models) {
    const { status, body } = await admin.request<{ detail?: string }>('PUT', `/v1/models/${encodeURIComponent(id)}`, {
      body: facts,
      accept: [200, 201, 422],
    });
    tell(`${id}: ${status === 201 ? 'new' : status === 200 ? 'as in the file' : `not changed. ${body.detail}`}`);
  }
}
