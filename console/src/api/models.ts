/** The catalogue of models with their prices. */
import { queryOptions } from '@tanstack/react-query';
import { api, data, type Schemas } from './client';

export const MODELS = ['models'] as const;
export type Model = Schemas['Model'];
export const modelsQuery = queryOptions({
  queryKey: MODELS,
  queryFn: () => data(api.GET('/v1/models')),
});
