import { useLayoutEffect, useRef, useState } from 'react';

/** A chart is drawn at the width it has, so that its letters are never scaled. */
export function useWidth<E extends HTMLElement>(): { ref: React.RefObject<E | null>; width: number } {
  const ref = useRef<E>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current!;
    const measure = (): void => setWidth(element.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}
