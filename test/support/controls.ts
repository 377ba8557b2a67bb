/** The controls of a page by role and name, as assistive technology has them: Chromium's own account of it. */
import type { Page } from 'playwright-core';

const ROLES = new Set([
  'button',
  'link',
  'textbox',
  'searchbox',
  'combobox',
  'checkbox',
  'radio',
  'Date',
  'DateTime',
  'spinbutton',
]);
/** Their parts are the browser's own. */
const WHOLES = new Set(['Date', 'DateTime']);
/** What a control is told apart by, beside its own name: radio buttons of two groups may be named alike. */
const PLACES = new Set(['group', 'radiogroup', 'region', 'dialog', 'navigation', 'search']);

type Node = {
  nodeId: string;
  parentId?: string;
  ignored: boolean;
  role?: { value: string };
  name?: { value: string };
};

/** A line each, `button "Pay $25.00", in region "What happens"`, in the order of the page. */
export async function controlsOf(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = (await session.send('Accessibility.getFullAXTree')) as { nodes: Node[] };
  await session.detach();
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const placeOf = ({ parentId }: Node): string => {
    const parent = parentId === undefined ? undefined : byId.get(parentId);
    if (parent === undefined) return '';
    const isPlace = !parent.ignored && PLACES.has(parent.role?.value ?? '') && Boolean(parent.name?.value);
    return isPlace ? `, in ${parent.role!.value} "${parent.name!.value}"` : placeOf(parent);
  };
  const isPart = ({ parentId }: Node): boolean => {
    const parent = parentId === undefined ? undefined : byId.get(parentId);
    return parent !== undefined && (WHOLES.has(parent.role?.value ?? '') || isPart(parent));
  };
  return nodes
    .filter((node) => !node.ignored && ROLES.has(node.role?.value ?? '') && !isPart(node))
    .map((node) => `${node.role!.value} "${node.name?.value ?? ''}"${placeOf(node)}`);
}

/** Controls that can't be told apart, or have no name at all. */
export const repeated = (controls: readonly string[]): string[] =>
  controls.filter((control, at) => / ""/.test(control) || controls.indexOf(control) !== at);

/** Of a control whose name has a time or an id in it, what does not change from run to run. */
export const withoutTimes = (text: string): string =>
  text
    .replaceAll(/[A-Z][a-z]{2} \d{1,2}, \d\d:\d\d(:\d\d)? UTC/g, '(time)')
    .replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{8}\b/g, '(id)');
