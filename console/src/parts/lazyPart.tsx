/**
 * A page or a window whose file is loaded when it is needed, or a little before. What is here is drawn at once: behind
 * Suspense what came quickly would be held back until its placeholder had been seen for 300 ms.
 */
import { createElement, useEffect, useState, type ComponentType, type ReactNode } from 'react';
import { loadStylesAgain, whyMissing } from './missingPart';

export type LazyPart<Props extends object = object> = {
  /** Begins to load the file. Idempotent; a failure is told where the part is shown. */
  begin: () => void;
  /** Throws to the boundary around it a `MissingPart` or a `LostPart` when its file can't be loaded. */
  View: ComponentType<Props & { placeholder?: ReactNode }>;
};

export function lazyPart<Props extends object>(
  load: () => Promise<{ default: ComponentType<Props> }>,
): LazyPart<Props> {
  let loaded: ComponentType<Props> | undefined;
  let loading: Promise<void> | undefined;
  let hasFailed = false;
  const loadOnce = (): Promise<void> =>
    (loading ??= (hasFailed ? loadStylesAgain().then(load) : load()).then(
      (file) => void (loaded = file.default),
      (error: unknown) => {
        hasFailed = true;
        loading = undefined;
        throw error;
      },
    ));
  function View({ placeholder = null, ...props }: Props & { placeholder?: ReactNode }) {
    const [, setDrawn] = useState(loaded !== undefined);
    useEffect(() => {
      // Also when it is there by now: it may have come after this was drawn without it.
      loadOnce().then(
        () => setDrawn(true),
        async () => {
          const error = await whyMissing();
          setDrawn(() => {
            throw error;
          });
        },
      );
    }, []);
    return loaded ? createElement(loaded, props as unknown as Props) : placeholder;
  }
  return { begin: () => void loadOnce().catch(() => undefined), View };
}
