// What a handler is given and what it gives back.
import type { Form } from './form';
import type { Transaction } from './transaction';

export type ApiRequest = {
  method: string;
  path: string;
  /** What stood where the route has parameters, in order. */
  ids: string[];
  /** Query and body together, without `expand`. */
  params: Form;
};

export type Handler = (tx: Transaction, request: ApiRequest) => object | Promise<object>;

/** A pattern as express takes it. */
export type Route = [method: 'get' | 'post' | 'delete', pattern: string, handler: Handler];
