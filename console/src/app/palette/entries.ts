/** What the palette leads to: pages and actions of one's role, one's accounts, and for admins all accounts by search. */
import { useLocation } from 'wouter';
import { useSession, type Role } from '../../session/session';
import { useChooseAccount, useSignOut } from '../../session/signing';
import { text } from '../../text';
import { pagesOf } from '../pages';
import { useAccountEntries } from './accountEntries';
import { fits, type Entry } from './entry';
import { usePriceEntries } from './priceEntries';

const words = text.palette;
export type Group = { name: string; entries: Entry[] };

type Action = { roles: readonly Role[]; label: string; href: string; also?: string };
/** Windows that have an address of their own, and lists by what is wrong. */
const ACTIONS: readonly Action[] = [
  { roles: ['owner'], label: text.overview.addPrepayment, href: '/pay', also: words.also.pay },
  { roles: ['owner'], label: words.autoReload, href: '/overview?window=auto-reload', also: words.also.autoReload },
  { roles: ['owner'], label: text.payments.addMethod, href: '/payments', also: words.also.card },
  { roles: ['owner'], label: text.team.add, href: '/team?window=member' },
  { roles: ['owner'], label: text.team.makeKey, href: '/team?window=key' },
  { roles: ['owner'], label: text.webhooks.add, href: '/webhooks?window=endpoint' },
  { roles: ['owner', 'resource_modifier'], label: words.askForLimit, href: '/limits?window=ask' },
  { roles: ['owner', 'resource_modifier', 'member'], label: text.batches.create, href: '/batches?window=new' },
  { roles: ['admin'], label: text.operations.reconcile.ask, href: '/reconcile?window=reconcile' },
  { roles: ['admin'], label: words.lists.suspended, href: '/accounts?gate=suspended' },
  { roles: ['admin'], label: words.lists.disabled, href: '/accounts?autoReload=disabled_after_failures' },
  { roles: ['admin'], label: words.lists.paused, href: '/accounts?autoReload=paused' },
  { roles: ['admin'], label: words.lists.negative, href: '/accounts?trouble=negative' },
  { roles: ['admin'], label: words.lists.unexplained, href: '/accounts?trouble=unexplained' },
  { roles: ['admin'], label: words.lists.disputed, href: '/accounts?trouble=disputed' },
  { roles: ['admin'], label: words.lists.pending, href: '/limit-requests?status=pending' },
];

/** @param query what is typed. Groups without an entry that fits it are left out. */
export function useGroups(query: string): Group[] {
  const { role, accountId, accounts } = useSession();
  const { mutate: signOut } = useSignOut();
  const { mutate: chooseAccount } = useChooseAccount();
  const [, navigate] = useLocation();
  const ofAccounts = useAccountEntries(query, role === 'admin');
  const go = (href: string) => () => navigate(href);
  const pages = pagesOf(role)
    .filter(({ path }) => !path.includes(':'))
    .map(({ name, path }): Entry => ({ id: path, label: text.pages[name], run: go(path) }));
  const actions = ACTIONS.filter(({ roles }) => roles.includes(role)).map(({ href, label, also }): Entry => ({
    id: href,
    label,
    run: go(href),
    ...(also !== undefined && { also }),
  }));
  const own = accounts
    .filter(({ id }) => id !== accountId)
    .map(({ id, name }): Entry => ({ id, label: words.switchTo(name), note: id, run: () => chooseAccount(id) }));
  const leave: Entry = { id: 'sign-out', label: text.user.signOut, run: () => signOut() };
  const toAccounts: Group = { name: words.accounts, entries: [...own.filter(fits(query)), ...ofAccounts.accounts] };
  const toActions: Group = {
    name: words.actions,
    entries: [
      ...ofAccounts.acts,
      ...[...actions, ...usePriceEntries(query, role === 'admin'), leave].filter(fits(query)),
    ],
  };
  return [
    { name: words.pages, entries: pages.filter(fits(query)) },
    ...(ofAccounts.isActAsked ? [toActions, toAccounts] : [toAccounts, toActions]),
  ].filter(({ entries }) => entries.length > 0);
}
