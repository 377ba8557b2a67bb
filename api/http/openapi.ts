/** The OpenAPI document, made from the route table and the schemas that check requests and answers. */
import { typesOf } from './body';
import { createComponents, type Components, type Json } from './components';
import type { Endpoint } from './endpoint';
import { responsesOf } from './responses';
import type { Route } from './route';
import { SECURE_COOKIE } from './sessionCookie';

export function toOpenApi(routes: readonly Route[]): Json {
  const components = createComponents();
  const paths = new Map<string, Json>();
  for (const route of routes) {
    const path = toPath(route.path);
    for (const method of methodsOf(route))
      paths.set(path, { ...paths.get(path), [method]: toOperation(route, method, components) });
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Ballast',
      version: '1',
      description:
        'Prepaid balances for inference. Money is a decimal string in US dollars; times are ISO 8601 in UTC; errors are problem+json with a code.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }, { session: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths: Object.fromEntries(paths),
    components: { securitySchemes: SECURITY_SCHEMES, schemas: components.all() },
  };
}

const SECURITY_SCHEMES = {
  key: { type: 'http', scheme: 'bearer' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: SECURE_COOKIE,
    description:
      'Begun by `POST /v1/session`; it stands wherever a key does. A request that changes something must come from the same origin. One with `X-Ballast-Unattended: 1` is answered as usual and is no use of the session, which ends after two hours without one; neither is the opening of an event stream. By http elsewhere than on the same machine its name is `ballast`.',
  },
};

/** As OpenAPI writes it. */
export const toPath = (path: string): string => path.replace(/:(\w+)/g, '{$1}');

const ALL_METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;
type Method = (typeof ALL_METHODS)[number];
/** As it is documented: a route that takes all methods is listed under each that OpenAPI knows. */
export const methodsOf = ({ method, takesAll }: Pick<Route, 'method' | 'takesAll'>): readonly Method[] =>
  takesAll ? ALL_METHODS : [method];

function toOperation(route: Route, method: Method, components: Components): Json {
  const { path, who, tag, summary, endpoint } = route;
  const isPublic = who.includes('anybody');
  return {
    summary,
    tags: [tag],
    operationId: [method, ...path.split('/').slice(1)].map((part) => part.replace(/\W/g, '')).join('_'),
    ...(isPublic ? { security: [] } : { description: `For: ${who.join(', ')}.` }),
    parameters: [
      ...parametersOf(endpoint, 'params', components),
      ...parametersOf(endpoint, 'query', components),
      ...headersOf(endpoint),
    ],
    ...(endpoint.body && { requestBody: toRequestBody(endpoint.body, components) }),
    responses: responsesOf(route, components),
  };
}

function toRequestBody(body: NonNullable<Endpoint['body']>, components: Components): Json {
  const schema = components.toSchema(body.schema, 'input');
  return {
    required: !body.optional,
    content: Object.fromEntries(typesOf(body).map((type) => [type, { schema }])),
  };
}

function parametersOf(endpoint: Endpoint, of: 'params' | 'query', components: Components): Json[] {
  const schema = endpoint[of];
  if (!schema) return [];
  return components.propertiesOf(schema, 'input').map(({ name, required, schema: property }) => ({
    name,
    in: of === 'params' ? 'path' : 'query',
    required: of === 'params' || required,
    schema: property,
  }));
}

function headersOf({ idempotent, headers = {} }: Endpoint): Json[] {
  const all = [
    ...(idempotent
      ? [
          {
            name: 'Idempotency-Key',
            required: idempotent === true,
            description: 'The same one when the request is repeated.',
            max: 255,
          },
        ]
      : []),
    ...Object.entries(headers).map(([name, description]) => ({ name, required: false, description, max: 1_000 })),
  ];
  return all.map(({ name, required, description, max }) => ({
    name,
    in: 'header',
    required,
    description,
    schema: { type: 'string', minLength: 1, maxLength: max },
  }));
}
