/** Why a change was not made, in the API's own sentence; or that nobody knows whether it was. */
import { whyNotDone } from '../api/problem';
import { Notice } from './Notice';

export function Problem({ error }: { error: Error | null }) {
  if (error === null) return null;
  return <Notice tone="bad">{whyNotDone(error)}</Notice>;
}
