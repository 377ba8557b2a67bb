/** Turns auto-reload off (A13): from the window's own button, and by unticking what enables it. */
import { api } from '../../api/client';
import { keys } from '../../api/keys';
import { useChange } from '../../components/useChange';
import { text } from '../../text';

const words = text.autoReload;

export type Disabling = ReturnType<typeof useDisable>;

export const useDisable = (accountId: string, onDone: () => void) =>
  useChange({
    name: words.turnOff,
    change: async () => {
      await api.DELETE('/v1/accounts/{id}/auto-reload', { params: { path: { id: accountId } } });
      return words.disabled;
    },
    changes: [keys.account(accountId)],
    onDone,
  });
