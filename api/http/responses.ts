/** All answers that a route can give, as the document lists them: what its endpoint declares, and every refusal on the way there. */
import type { z } from 'zod';
import { ERRORS, type ErrorCode } from '../../domain/errors';
import type { Components, Json } from './components';
import type { Route } from './route';
import { openAiError, problem } from './schemas';

/**
 * Every code that a route can refuse with: those that its handler declares, and those of the checks before it. Any
 * route can make a mistake (`internal`), and all but those without a key or declared refusals need the database.
 */
export function refusalsOf({ method, path, who, endpoint, takesAll }: Route): Set<ErrorCode> {
  const { params, query, body, idempotent, refusals = [] } = endpoint;
  const codes = new Set<ErrorCode>(['internal', ...refusals]);
  const add = (...more: ErrorCode[]) => more.forEach((code) => codes.add(code));
  if (!who.includes('anybody')) add('unauthenticated', 'forbidden', 'rate_limited', 'database_unavailable');
  if (!who.includes('anybody') && (method !== 'get' || takesAll)) add('cross_site_request');
  if (path.startsWith('/v1/accounts/:id')) add('not_found');
  if (path.startsWith('/v1/accounts/:id') && method !== 'get') add('account_closed');
  if (params || query) add('invalid_request');
  if (body) add(body.refusal ?? 'too_large');
  if (body && !body.raw) add('unsupported_media_type', 'invalid_request');
  if (body && !body.raw && !body.streamed) add('malformed_json');
  if (idempotent) add('invalid_request', 'idempotency_key_reused');
  if (idempotent === true) add('idempotency_key_required');
  return codes;
}

/** By status, as OpenAPI has them. */
export function responsesOf(route: Route, components: Components): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of [...refusalsOf(route)].sort()) {
    const status = route.endpoint.refusalStatus?.[code] ?? ERRORS[code].status;
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const { replies, texts } = route.endpoint;
  const statuses = new Set([...Object.keys(replies).map(Number), ...byStatus.keys()]);
  const refusal =
    route.errors === 'problem'
      ? { 'application/problem+json': { schema: components.toSchema(problem, 'output') } }
      : { 'application/json': { schema: components.toSchema(openAiError, 'output') } };
  return Object.fromEntries(
    [...statuses]
      .sort((a, b) => a - b)
      .map((status) => {
        const codes = byStatus.get(status) ?? [];
        const content = {
          ...toJsonContent(replies[status], components),
          ...Object.fromEntries((texts?.[status] ?? []).map((type) => [type, { schema: { type: 'string' } }])),
          ...(codes.length > 0 && refusal),
        };
        return [
          String(status),
          {
            description: [...(status in replies ? ['Done'] : []), ...codes.map(describe)].join('; '),
            headers: headersOf(status),
            ...(Object.keys(content).length > 0 && { content }),
          },
        ];
      }),
  );
}

const describe = (code: ErrorCode): string => `\`${code}\`: ${ERRORS[code].title.toLowerCase()}`;

const toJsonContent = (schema: z.ZodType | null | undefined, components: Components): Json =>
  schema ? { 'application/json': { schema: components.toSchema(schema, 'output') } } : {};

/** Where a refusal says when to ask again, and where an answer leads on. */
function headersOf(status: number): Json {
  const header = (description: string, type: 'string' | 'integer') => ({ description, schema: { type } });
  return {
    'X-Request-Id': header("The caller's, or one of ours.", 'string'),
    ...((status === 429 || status === 503) && {
      'Retry-After': header('Seconds until it is worth asking again.', 'integer'),
    }),
    ...(status === 303 && { Location: header('Where it goes on.', 'string') }),
  };
}
