// Finds the handler of a request: fixed path segments, with `:id` standing for any one segment.
import type { Form } from './form';
import type { Transaction } from './transaction';

export type ApiRequest = {
  method: string;
  path: string;
  /** What stood where the route has `:id`, in order. */
  ids: string[];
  /** Query and body together, without `expand`. */
  params: Form;
};

export type Handler = (tx: Transaction, request: ApiRequest) => object;

export type Route = [method: 'GET' | 'POST' | 'DELETE', pattern: string, handler: Handler];

export type Match = { handler: Handler; ids: string[] };

export function createRouter(routes: Route[]): (method: string, path: string) => Match | null {
  const byShape = new Map<string, { segments: string[]; handler: Handler }[]>();
  for (const [method, pattern, handler] of routes) {
    const segments = pattern.split('/');
    const shape = `${method} ${segments.length}`;
    byShape.set(shape, [...(byShape.get(shape) ?? []), { segments, handler }]);
  }
  return (method, path) => {
    const asked = path.split('/');
    for (const { segments, handler } of byShape.get(`${method} ${asked.length}`) ?? []) {
      if (!segments.every((segment, index) => segment.startsWith(':') || segment === asked[index])) continue;
      return { handler, ids: asked.filter((_, index) => segments[index]?.startsWith(':')) };
    }
    return null;
  };
}
