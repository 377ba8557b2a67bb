/** Signing in to a test's API as a browser does, and asking by cookie. */
import type { Answer, Asked, TestApi } from './api';

/** The cookie that an answer sets, as a browser sends it back. */
export const cookieOf = ({ headers }: Pick<Answer, 'headers'>): string => headers.get('set-cookie')!.split(';', 1)[0]!;

export async function signIn(api: TestApi, body: object, headers: Record<string, string> = {}): Promise<string> {
  const answer = await api.ask('POST', '/v1/session', { body, headers });
  if (answer.status !== 200) throw new Error(`not signed in: ${JSON.stringify(answer.body)}`);
  return cookieOf(answer);
}

/** By cookie, from the console's own pages. */
export const askBySession = (
  api: TestApi,
  cookie: string,
  method: string,
  path: string,
  { headers, ...asked }: Asked = {},
): Promise<Answer> =>
  api.ask(method, path, { ...asked, headers: { Cookie: cookie, 'Sec-Fetch-Site': 'same-origin', ...headers } });
