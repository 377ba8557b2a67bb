/** Links to the console that sign in once: for whoever sees the terminal in which `npm start` runs. */
import { createApi } from './apiClient';

/** The token comes after the `#`: browsers send that part to no server, so no log has it. Null without a key, or where none could be made. */
export async function makeSignInLinks<Name extends string>(
  url: string,
  keys: Record<Name, string | null>,
): Promise<Record<Name, string | null>> {
  const made = await Promise.all(
    Object.entries<string | null>(keys).map(async ([name, key]) => [name, key && (await makeSignInLink(url, key))]),
  );
  return Object.fromEntries(made) as Record<Name, string | null>;
}

async function makeSignInLink(url: string, key: string): Promise<string | null> {
  const { request } = createApi(url, key);
  const { body } = await request<{ token?: string }>('POST', '/v1/session/tokens', {
    body: { key },
    accept: [201, 401, 429, 503],
  });
  return body.token === undefined ? null : `${url}/#sign-in=${body.token}`;
}
