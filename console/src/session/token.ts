/** The token of a link that signs in once, `#sign-in=<token>`: browsers tell the fragment to no server. */
const read = (): string | null => /^#sign-in=([\w.-]+)$/.exec(window.location.hash)?.[1] ?? null;

export const hasToken = (): boolean => read() !== null;

/** It leaves the address bar and the history at once. */
export function takeToken(): string | null {
  const token = read();
  if (token !== null) window.history.replaceState(null, '', window.location.pathname + window.location.search);
  return token;
}
