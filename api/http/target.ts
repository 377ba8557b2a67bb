/** Which request targets are heard: those that every reader after this one takes for the same path. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Problem } from '../../domain/errors';
import { toReply } from './problems';
import { toRequestId } from './requestId';
import { send } from './send';

/** A path with its query. */
const ORIGIN_FORM = /^\/[^#]*$/;

/**
 * Refuses every other target, such as `http://host/path` or one with `#`; says whether it has. Express would parse the path
 * out of it, and serve here what the forwarder of files and batches, which looks at the target as it is, has let pass (L5).
 */
export function refuseTarget(request: IncomingMessage, response: ServerResponse): boolean {
  if (ORIGIN_FORM.test(request.url!)) return false;
  response.setHeader('X-Request-Id', toRequestId(request.headers['x-request-id']));
  const message = 'The address must be a path that begins with /, without a fragment.';
  send(response, toReply(new Problem('invalid_request', message)));
  return true;
}
