/** A line of the route table: method, path, who may, what it does. */
import type { Role } from './auth';
import type { Endpoint } from './endpoint';

export type Route = {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  path: string;
  who: readonly Role[];
  endpoint: Endpoint;
  summary: string;
};

const line = (method: Route['method']) => (path: string, who: readonly Role[], endpoint: Endpoint, summary: string): Route =>
  ({ method, path, who, endpoint, summary });

export const get = line('get');
export const post = line('post');
export const put = line('put');
export const patch = line('patch');
export const del = line('delete');
