/**
 * A control that has the focus may vanish, such as "Refund" when nothing is left: the browser would begin at the top of the
 * page again. The part of the page that it was in has the focus then, and Tab goes on from there.
 */
import { useLayoutEffect, useRef, type RefObject } from 'react';

const PARTS = 'section, dialog, main';

/** The part of the page around it. */
export const partOf = (element: Element | null): HTMLElement | null => element?.closest<HTMLElement>(PARTS) ?? null;

/** Gives the focus to a part of the page, without moving the page. */
export function focusPart(part: HTMLElement | null): void {
  if (!part?.isConnected) return;
  part.tabIndex = -1;
  part.focus({ preventScroll: true });
}

/** For a control that may vanish while it has the focus. */
export function useKeptFocus<Control extends HTMLElement>(): RefObject<Control | null> {
  const ref = useRef<Control>(null);
  useLayoutEffect(() => {
    const control = ref.current;
    // Before it has left the page: then the browser has given the focus to nothing.
    return () => {
      if (control !== null && document.activeElement === control) focusPart(partOf(control));
    };
  }, []);
  return ref;
}
