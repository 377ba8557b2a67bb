/** Which UTC day it is: a page that stays open over midnight goes on with the new one. */
import { useSyncExternalStore } from 'react';
import { utcDay } from '../format/time';

const DAY_MS = 86_400_000;
const today = (): string => utcDay(new Date());

/** Tells at each midnight, and when somebody looks again: a computer that slept has kept no time. */
function watch(tell: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const look = (): void => {
    clearTimeout(timer);
    timer = setTimeout(look, DAY_MS - (Date.now() % DAY_MS));
    tell();
  };
  look();
  window.addEventListener('focus', look);
  document.addEventListener('visibilitychange', look);
  return () => {
    clearTimeout(timer);
    window.removeEventListener('focus', look);
    document.removeEventListener('visibilitychange', look);
  };
}

/** `2026-11-25`. */
export const useUtcDay = (): string => useSyncExternalStore(watch, today);

/** The last so many UTC days, oldest first; the last of them is today. */
export function useLastDays(count: number): string[] {
  const now = new Date(useUtcDay());
  return Array.from({ length: count }, (_, at) => utcDay(now, count - 1 - at));
}
