/** An admin's way to any account, and to what may be done to it: `suspend acme` leads to that window of that account. */
import { useQuery } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { accountQuery, accountsList } from '../../api/accounts';
import type { Schemas } from '../../api/client';
import { actsOf, addressOf, isClosed } from '../../features/account-acts/acts';
import { text } from '../../text';
import { fits, partsOf, type Entry } from './entry';

const words = text.accounts;
type Account = Schemas['Account'];
const FOUND_MAX = 8;
const ACT_WORDS = partsOf([...Object.values(words.acts), words.team, words.rejected].join(' '));
/** Less could be the beginning of anything. */
const LETTERS_MIN = 3;
const isOfAct = (part: string): boolean =>
  part.length >= LETTERS_MIN && ACT_WORDS.some((word) => word.startsWith(part));

type AccountEntries = {
  accounts: Entry[];
  acts: Entry[];
  /** An act is named: then acts come first. */
  isActAsked: boolean;
};

/** The accounts that the API finds by the text, and their acts: of the one on the screen, of the only one, or of those that are asked for by name. */
export function useAccountEntries(query: string, isAdmin: boolean): AccountEntries {
  const [location, navigate] = useLocation();
  const parts = partsOf(query);
  const names = parts.filter((part) => !isOfAct(part));
  const found = useFound(isAdmin ? (names.length > 0 ? names : parts).join(' ') : '');
  const shown = useShown(isAdmin ? location : '');
  const isActAsked = parts.some(isOfAct);
  const asked = isActAsked || found.length === 1 ? found.filter(({ id }) => id !== shown?.id) : [];
  const entriesOf = ({ id, name, ...account }: Account): Entry[] => {
    const page = `/accounts/${encodeURIComponent(id)}`;
    const ways = [
      ...actsOf(account).map((act) => ({ label: words.acts[act], href: addressOf(id, act) })),
      ...(isClosed(account) ? [] : [{ label: words.team, href: `${page}/team` }]),
      { label: words.rejected, href: `/rejected-usage?account=${encodeURIComponent(id)}` },
    ];
    return ways.map(({ label, href }) => ({
      id: href,
      label: text.palette.actOf(label, name),
      note: id,
      run: () => navigate(href),
    }));
  };
  return {
    isActAsked,
    accounts: found.map(({ id, name }) => ({
      id: `account ${id}`,
      label: name,
      note: id,
      run: () => navigate(`/accounts/${encodeURIComponent(id)}`),
    })),
    acts: [...(shown ? [shown] : []), ...asked].flatMap(entriesOf).filter(fits(query)),
  };
}

/** Accounts by text, by rules of the API's own; none without a text. */
function useFound(q: string): Account[] {
  const { queryKey, read } = accountsList({ q });
  const found = useQuery({ queryKey: [...queryKey, 'palette'], queryFn: () => read(null), enabled: q !== '' });
  return q === '' ? [] : (found.data?.data.slice(0, FOUND_MAX) ?? []);
}

/** The account whose page is on the screen. */
function useShown(location: string): Account | undefined {
  const id = /^\/accounts\/([^/]+)/.exec(location)?.[1];
  return useQuery({ ...accountQuery(decodeURIComponent(id ?? '')), enabled: id !== undefined }).data;
}
