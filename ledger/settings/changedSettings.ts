/** What became of an owner's request for auto-reload. */
import type { SettingsAnswer } from '../../domain/accountState';

/** `charging`: the answer depends on the first charge, which is the reload opened under the request's id (A5). */
export type ChangedSettings =
  SettingsAnswer | { kind: 'charging'; /** Null when it was open before. */ cents: number | null };
