/** The methods that were saved when one left for the provider's page, kept by the tab: a new one is told from them. */
import type { Schemas } from '../../api/client';

type Method = Schemas['PaymentMethod'];
const nameOf = (accountId: string): string => `ballast.methods.${accountId}`;

export const noteSaved = (accountId: string, methods: readonly Method[]): void =>
  sessionStorage.setItem(nameOf(accountId), JSON.stringify(methods.map(({ id }) => id)));

/** The method that was not there then; undefined: none is new, or this tab has not left for the page. */
export function savedSince(accountId: string, methods: readonly Method[]): Method | undefined {
  const noted = sessionStorage.getItem(nameOf(accountId));
  if (noted === null) return undefined;
  const before = new Set(JSON.parse(noted) as string[]);
  return methods.find(({ id }) => !before.has(id));
}
