/** A line of the route table: method, path, who may, what it does. */
import type { Role } from './auth';
import type { Endpoint } from './endpoint';

export type Route = {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  path: string;
  who: readonly Role[];
  endpoint: Endpoint;
  summary: string;
  /** Any other method is taken alike, and any path behind this one. */
  takesAll?: true;
};

const line =
  (method: Route['method']) =>
  (path: string, who: readonly Role[], endpoint: Endpoint, summary: string): Route => ({
    method,
    path,
    who,
    endpoint,
    summary,
  });

export const get = line('get');
export const post = line('post');
export const put = line('put');
export const patch = line('patch');
export const del = line('delete');
/** By any method, with anything behind the path. */
export const any = (...parts: Parameters<typeof get>): Route => ({ ...get(...parts), takesAll: true });
