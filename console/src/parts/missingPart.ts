/**
 * What is done when a file of the console can't be loaded. After an update the files of a page that was open before are
 * gone: it is loaded anew, once, unless somebody has typed into it.
 */
import { api } from '../api/client';
import { isUnheard } from '../api/problem';

/** The service answers, but has no such file. */
export class MissingPart extends Error {
  override name = 'MissingPart';
}
/** Nothing answers; once something does, it can be loaded. */
export class LostPart extends Error {
  override name = 'LostPart';
}

export const isToldPart = (error: unknown): boolean => error instanceof MissingPart || error instanceof LostPart;

/** Whether the service answers, whatever it says. */
export const isReached = (): Promise<boolean> =>
  api.GET('/healthz').then(
    () => true,
    (error: unknown) => !isUnheard(error),
  );

/** Resolves to the error to be shown, or never, as the page is on its way. */
export async function whyMissing(): Promise<Error> {
  if (!(await isReached())) return new LostPart();
  if (hasTyped() || !mayReload()) return new MissingPart();
  window.location.reload();
  return new Promise(() => undefined);
}

const lostStyles = new Set<HTMLLinkElement>();
document.addEventListener(
  'error',
  ({ target }) => {
    if (target instanceof HTMLLinkElement && target.rel === 'stylesheet') lostStyles.add(target);
  },
  true,
);

/** Vite asks for the styles of a part once: without this, a part whose file comes the second time has none. */
export async function loadStylesAgain(): Promise<void> {
  const lost = [...lostStyles];
  lostStyles.clear();
  await Promise.all(
    lost.map(
      (link) =>
        new Promise((resolve, reject) => {
          const again = link.cloneNode() as HTMLLinkElement;
          again.addEventListener('load', resolve);
          again.addEventListener('error', reject);
          link.replaceWith(again);
        }),
    ),
  );
}

/** Who reloads sooner than this after the last time would reload for ever. */
const RELOAD_AGAIN_MS = 60_000;
const RELOADED = 'ballast.reloaded';

/** Notes that it is loaded anew. Where a browser keeps no notes, nothing is done by itself. */
function mayReload(): boolean {
  try {
    const lastMs = Number(sessionStorage.getItem(RELOADED) ?? 0);
    if (Date.now() - lastMs < RELOAD_AGAIN_MS) return false;
    sessionStorage.setItem(RELOADED, String(Date.now()));
    return true;
  } catch {
    return false;
  }
}

/** The fields that somebody has typed into and that are still on the page. */
let typedInto: Element[] = [];
const isOnPage = (field: Element): boolean => field.isConnected;
const hasTyped = (): boolean => typedInto.some(isOnPage);

document.addEventListener('input', ({ target }) => {
  if (target instanceof Element)
    typedInto = [...typedInto.filter((field) => field !== target && isOnPage(field)), target];
});
