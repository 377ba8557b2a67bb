/** A line of the route table: method, path, who may, what it does. Lines are grouped in sections, which say what they have in common. */
import type { z } from 'zod';
import type { RouteLimitName } from '../../domain/rateLimits';
import type { Role } from './auth';
import type { Endpoint } from './endpoint';
import type { ErrorFormat } from './problems';

type Line<Services> = {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  path: string;
  who: readonly Role[];
  endpoint: Endpoint<z.ZodType, z.ZodType, z.ZodType, Services>;
  summary: string;
  /** How often it may be asked: a line of domain/rateLimits.ts. */
  limit?: RouteLimitName;
  /** Any other method is taken alike, and any path behind this one. */
  takesAll?: true;
};

/** @typeParam Services what all handlers together use */
export type Route<Services = never> = Line<Services> & {
  /** Under which heading the documentation has it. */
  tag: string;
  /** How its refusals are written, those before its handler included. */
  errors: ErrorFormat;
};

/** @param errors @default problem */
export const section = <Services>(
  tag: string,
  lines: readonly Line<Services>[],
  errors: ErrorFormat = 'problem',
): Route<Services>[] => lines.map((line) => ({ ...line, tag, errors }));

const by =
  (method: Line<never>['method']) =>
  <Services>(
    path: string,
    who: readonly Role[],
    endpoint: Line<Services>['endpoint'],
    summary: string,
  ): Line<Services> => ({ method, path, who, endpoint, summary });

export const get = by('get');
export const post = by('post');
export const put = by('put');
export const patch = by('patch');
export const del = by('delete');
/** Only so often, by a line of domain/rateLimits.ts. */
export const limited = <Services>(limit: RouteLimitName, line: Line<Services>): Line<Services> => ({ ...line, limit });
/** By any method, with anything behind the path. */
export const any = <Services>(...parts: Parameters<typeof get<Services>>): Line<Services> => ({
  ...get(...parts),
  takesAll: true,
});
