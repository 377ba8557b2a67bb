/** What the palette leads to: pages and actions of one's role, one's accounts, and for admins all accounts by search. */
import { useQuery } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { accountsList } from '../../api/accounts';
import { useSession, useSigning, type Role } from '../../session/session';
import { text } from '../../text';
import { pagesOf } from '../pages';

const words = text.palette;
export type Entry = { id: string; label: string; note?: string; run: () => void };
export type Group = { name: string; entries: Entry[] };

/** Windows that have an address of their own. */
const ACTIONS: readonly { roles: readonly Role[]; label: string; href: string }[] = [
  { roles: ['owner'], label: text.overview.addPrepayment, href: '/pay' },
  { roles: ['owner'], label: words.autoReload, href: '/overview?window=auto-reload' },
  { roles: ['owner'], label: text.payments.addMethod, href: '/payments' },
  { roles: ['owner'], label: text.team.add, href: '/team?window=member' },
  { roles: ['owner'], label: text.team.makeKey, href: '/team?window=key' },
  { roles: ['owner'], label: text.webhooks.add, href: '/webhooks?window=endpoint' },
  { roles: ['owner', 'resource_modifier', 'member'], label: text.batches.create, href: '/batches?window=new' },
];

/** @param query what is typed. Groups without an entry that fits it are left out. */
export function useGroups(query: string): Group[] {
  const { role, accountId, accounts } = useSession();
  const { signOut, chooseAccount } = useSigning();
  const [, navigate] = useLocation();
  const found = useFoundAccounts(role === 'admin' ? query.trim() : '');
  const go = (href: string) => () => navigate(href);
  const pages = pagesOf(role)
    .filter(({ path }) => !path.includes(':'))
    .map(({ name, path }): Entry => ({ id: path, label: text.pages[name], run: go(path) }));
  const actions = ACTIONS.filter(({ roles }) => roles.includes(role)).map(({ label, href }): Entry => ({
    id: href,
    label,
    run: go(href),
  }));
  const own = accounts
    .filter(({ id }) => id !== accountId)
    .map(({ id, name }): Entry => ({ id, label: words.switchTo(name), note: id, run: () => void chooseAccount(id) }));
  const leave: Entry = { id: 'sign-out', label: text.user.signOut, run: () => void signOut() };
  return [
    { name: words.pages, entries: pages.filter(fits(query)) },
    { name: words.actions, entries: [...actions, leave].filter(fits(query)) },
    {
      name: words.accounts,
      entries: [
        ...own.filter(fits(query)),
        // The API has found these, by rules of its own.
        ...found.map(({ id, name }): Entry => ({
          id: `account ${id}`,
          label: name,
          note: id,
          run: go(`/accounts/${encodeURIComponent(id)}`),
        })),
      ],
    },
  ].filter(({ entries }) => entries.length > 0);
}

const fits = (query: string) => {
  const parts = query.toLowerCase().split(/\s+/);
  return ({ label }: Entry): boolean => parts.every((part) => label.toLowerCase().includes(part));
};

const FOUND_MAX = 8;

/** Accounts by text, for admins; none without a text. */
function useFoundAccounts(q: string) {
  const { queryKey, read } = accountsList({ q });
  const found = useQuery({ queryKey: [...queryKey, 'palette'], queryFn: () => read(null), enabled: q !== '' });
  return q === '' ? [] : (found.data?.data.slice(0, FOUND_MAX) ?? []);
}
