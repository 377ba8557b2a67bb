/** The OpenAPI document, made from the route table and the schemas that check requests and answers. */
import { z } from 'zod';
import { typesOf } from './body';
import type { Endpoint } from './endpoint';
import type { Route } from './route';
import { openAiError, problem } from './schemas';

type Json = Record<string, unknown>;

export function toOpenApi(routes: readonly Route[]): Json {
  const paths = new Map<string, Json>();
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    for (const method of methodsOf(route))
      paths.set(path, { ...paths.get(path), [method]: toOperation(route, method) });
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Ballast',
      version: '1',
      description:
        'Prepaid balances for inference. Money is a decimal string in US dollars; times are ISO 8601 in UTC; errors are problem+json with a code.',
    },
    components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
    paths: Object.fromEntries(paths),
  };
}

const ALL_METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;
type Method = (typeof ALL_METHODS)[number];
/** As it is documented: a route that takes all methods stands under each that OpenAPI knows. */
export const methodsOf = ({ method, takesAll }: Route): readonly Method[] => (takesAll ? ALL_METHODS : [method]);

function toOperation({ path, who, tag, errors, summary, endpoint }: Route, method: Method): Json {
  const isPublic = who.includes('anybody');
  return {
    summary,
    tags: [tag],
    operationId: [method, ...path.split('/').slice(1)].map((part) => part.replace(/\W/g, '')).join('_'),
    ...(isPublic ? {} : { description: `For: ${who.join(', ')}.`, security: [{ key: [] }] }),
    parameters: [
      ...parametersOf(endpoint.params, 'path'),
      ...parametersOf(endpoint.query, 'query'),
      ...headersOf(endpoint),
    ],
    ...(endpoint.body && {
      requestBody: {
        required: !endpoint.body.optional,
        content: Object.fromEntries(
          typesOf(endpoint.body).map((type) => [type, { schema: toSchema(endpoint.body!.schema, 'input') }]),
        ),
      },
    }),
    responses: {
      ...Object.fromEntries(Object.entries(endpoint.replies).map(([status, schema]) => [status, toResponse(schema)])),
      default: {
        description: 'A problem',
        content:
          errors === 'problem'
            ? { 'application/problem+json': { schema: toSchema(problem, 'output') } }
            : { 'application/json': { schema: toSchema(openAiError, 'output') } },
      },
    },
  };
}

const toResponse = (schema: z.ZodType | null): Json =>
  schema === null
    ? { description: 'Done' }
    : { description: 'Done', content: { 'application/json': { schema: toSchema(schema, 'output') } } };

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = toSchema(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
}

const headersOf = (endpoint: Endpoint): Json[] =>
  endpoint.idempotent
    ? [
        {
          name: 'Idempotency-Key',
          in: 'header',
          required: true,
          schema: { type: 'string', minLength: 1, maxLength: 255 },
        },
      ]
    : [];

/** Shared shapes are written out where they stand: each schema is whole by itself. */
function toSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    reused: 'inline',
  }) as Json;
  return json;
}
