/** Which request targets are heard: those that every reader after this one takes for the same path. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Problem } from '../../domain/errors';
import { toReply } from './problems';
import { toRequestId } from './requestId';
import { send } from './send';

/** A path with its query. */
const ORIGIN_FORM = /^\/[^#]*$/;
const SCHEME_AND_HOST = /^https?:\/\/[^/?#]*/i;

/**
 * Takes the path out of `http://host/path`, as a client sends it that takes this for its proxy, and refuses what is no path;
 * says whether it has. Express would read a path out of that too, and serve here what the forwarder of files and batches,
 * which looks at the target as it is, has let pass (L5).
 */
export function refuseTarget(request: IncomingMessage, response: ServerResponse): boolean {
  request.url = toOriginForm(request.url!);
  if (ORIGIN_FORM.test(request.url)) return false;
  response.setHeader('X-Request-Id', toRequestId(request.headers['x-request-id']));
  const message = 'The address must be a path that begins with /, without a fragment.';
  send(response, toReply(new Problem('invalid_request', message)));
  return true;
}

function toOriginForm(target: string): string {
  if (target.startsWith('/')) return target;
  const path = target.replace(SCHEME_AND_HOST, '');
  return path === target || path.startsWith('/') ? path : `/${path}`;
}
