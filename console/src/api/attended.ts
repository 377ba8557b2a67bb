/** Whether somebody is at this page: what it asks by itself must not keep the session of an empty chair going. */
const UNATTENDED_MS = 60_000;
const TOUCHES = ['pointerdown', 'pointermove', 'wheel', 'keydown', 'input'] as const;

/** Whoever has opened the page is there. */
let touchedMs = Date.now();
for (const touch of TOUCHES)
  window.addEventListener(touch, () => (touchedMs = Date.now()), { capture: true, passive: true });

/** Nobody has touched pointer or keys for a minute. */
export const isUnattended = (): boolean => Date.now() - touchedMs > UNATTENDED_MS;
