/** Holds every answer that a test gets from the API against the OpenAPI document: status, content type and body. */
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { toOpenApi, toPath } from '../../api/http/openapi';
import { routes } from '../../api/routes';

export type Given = { method: string; path: string; status: number; headers: Headers; content: string };

type Media = Record<string, { schema: object }>;
type Operation = { responses: Record<string, { content?: Media }> };
type Document = { paths: Record<string, Record<string, Operation>> };

const document = toOpenApi(routes) as unknown as Document;
const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
ajv.addSchema(document, 'openapi');

/** Literal paths come before those with parameters. */
const paths = Object.keys(document.paths)
  .map((path) => ({ path, params: path.split('{').length - 1, pattern: toPattern(path) }))
  .sort((a, b) => a.params - b.params);

/** Whether the document has this route, by this method. */
export const isDocumented = (method: string, address: string): boolean => {
  const found = paths.find(({ pattern }) => pattern.test(address));
  return found !== undefined && method.toLowerCase() in document.paths[found.path]!;
};

/** Throws when the document does not have this answer. What is no route, such as the documentation, passes. */
export function checkAnswer({ method, path: address, status, headers, content }: Given): void {
  const found = paths.find(({ pattern }) => pattern.test(address.split(/[?#]/, 1)[0]!));
  if (!found) return;
  const { path } = found;
  const operations = document.paths[path]!;
  // Whoever answers GET answers HEAD, without the body.
  const name = method === 'HEAD' && !operations.head ? 'get' : method.toLowerCase();
  const wrong = (what: string) =>
    new Error(`${method} ${path}: ${what} is not in the OpenAPI document: ${status} ${content.slice(0, 1_000)}`);
  const type = headers.get('content-type')?.split(';', 1)[0] ?? '';
  if (!operations[name]) {
    const allowed = Object.keys(operations).map((one) => one.toUpperCase());
    if (status !== 405 || headers.get('allow') !== allowed.join(', ')) throw wrong('an answer to this method');
    const openAi = routes.some((route) => route.errors === 'openai' && toPath(route.path) === path);
    return validate(`#/components/schemas/${openAi ? 'OpenAiError' : 'Problem'}`, content, wrong);
  }
  const response = operations[name].responses[String(status)];
  if (!response) throw wrong('the status');
  if (method === 'HEAD' || (content === '' && !response.content)) return;
  if (content === '' && (type === 'text/event-stream' || (type === '' && mayBeEmpty(path, status)))) return;
  if (!response.content?.[type]) throw wrong(`the content type "${type}"`);
  if (!type.endsWith('json')) return;
  const pointer = [path, name, 'responses', String(status), 'content', type, 'schema'].map(escapePointer).join('/');
  validate(`#/paths/${pointer}`, content, wrong);
}

/** An answer without a body where others of the same status have one: an allowed one of /v1/authorize. */
const mayBeEmpty = (path: string, status: number): boolean =>
  routes.some((route) => route.path === path && route.endpoint.replies[status] === null);

const validators = new Map<string, ValidateFunction>();

function validate(pointer: string, content: string, wrong: (what: string) => Error): void {
  const validator = validators.get(pointer) ?? ajv.compile({ $ref: `openapi${pointer}` });
  validators.set(pointer, validator);
  if (!validator(JSON.parse(content))) throw wrong(`the body (${ajv.errorsText(validator.errors)})`);
}

function toPattern(path: string): RegExp {
  const behind = routes.some((route) => route.takesAll && route.path === path) ? '(/.*)?' : '';
  return new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}${behind}$`);
}

/** As a JSON pointer within an address has it. */
const escapePointer = (part: string): string => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
