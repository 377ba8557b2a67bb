/** Every page: its address, who may open it, its place in the navigation. Each is loaded when it is opened. */
import {
  Activity,
  Bell,
  Boxes,
  ChartColumn,
  CircleX,
  CreditCard,
  Gauge,
  House,
  Layers,
  ReceiptText,
  Scale,
  UserCog,
  Users,
  Webhook,
  type LucideIcon,
} from 'lucide-react';
import type { ComponentType } from 'react';
import { lazyPart, type LazyPart } from '../parts/lazyPart';
import type { Role } from '../session/session';
import type { text } from '../text';

export type PageName = keyof typeof text.pages;
export type Page = LazyPart & {
  name: PageName;
  path: string;
  roles: readonly Role[];
  /** Left out: reached from another page. */
  icon?: LucideIcon;
};

const owner: readonly Role[] = ['owner'];
const admin: readonly Role[] = ['admin'];
const ofAccount: readonly Role[] = ['owner', 'resource_modifier', 'member'];
const ofAccountOrAdmin: readonly Role[] = [...ofAccount, 'admin'];

/** A page is a folder whose index.tsx has the page as its default export. */
const page = (
  name: PageName,
  path: string,
  roles: readonly Role[],
  icon: LucideIcon | null,
  load: () => Promise<{ default: ComponentType }>,
): Page => ({ name, path, roles, ...(icon && { icon }), ...lazyPart(load) });

/** In the order of the navigation. The first that a role may open is where it begins. */
export const pages: readonly Page[] = [
  page('overview', '/overview', ofAccount, House, () => import('../pages/overview')),
  page('pay', '/pay', owner, null, () => import('../pages/pay')),
  page('payments', '/payments', ofAccount, CreditCard, () => import('../pages/payments')),
  page('transactions', '/transactions', ofAccount, ReceiptText, () => import('../pages/transactions')),
  page('usage', '/usage', ofAccount, ChartColumn, () => import('../pages/usage')),
  page('batches', '/batches', ofAccount, Layers, () => import('../pages/batches')),
  page('notices', '/notices', owner, Bell, () => import('../pages/notices')),
  page('limits', '/limits', ofAccount, Gauge, () => import('../pages/limits')),
  page('team', '/team', owner, UserCog, () => import('../pages/team')),
  page('webhooks', '/webhooks', owner, Webhook, () => import('../pages/webhooks')),
  page('accounts', '/accounts', admin, Users, () => import('../pages/accounts')),
  page('account', '/accounts/:id', admin, null, () => import('../pages/account')),
  page('team', '/accounts/:id/team', admin, null, () => import('../pages/team')),
  page('limitRequests', '/limit-requests', admin, Gauge, () => import('../pages/limit-requests')),
  page('models', '/models', ofAccountOrAdmin, Boxes, () => import('../pages/models')),
  page('rejectedUsage', '/rejected-usage', admin, CircleX, () => import('../pages/rejected-usage')),
  page('reconcile', '/reconcile', admin, Scale, () => import('../pages/reconcile')),
  page('system', '/system', admin, Activity, () => import('../pages/system')),
];

/** The page at an address. */
export const pageAt = (location: string): Page | undefined =>
  pages.find(({ path }) => new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`).test(location));

export const pagesOf = (role: Role): readonly Page[] => pages.filter(({ roles }) => roles.includes(role));
