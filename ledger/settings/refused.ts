/** The answer to a request for auto-reload that can't be met. */
import type { RefusalCode, SettingsAnswer } from '../../domain/accountState';

export const refused = (code: RefusalCode, detail: string): Extract<SettingsAnswer, { kind: 'refused' }> => ({
  kind: 'refused',
  code,
  detail,
});
