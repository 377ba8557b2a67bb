/** A change of something, mostly in a `ChangeDialog`: when it is done, that is told and what it changed is read again. */
import { useAsking } from './useAsking';

type Change<Input> = {
  /** What it is called where it is told of after its window was closed. */
  name: string;
  /** Resolves to what is told in the end; null: nothing, as it is to be seen. */
  change: (input: Input) => Promise<string | null>;
  /** What is told instead once its window is closed, where that showed more than is told. */
  left?: string;
  /** The keys of the queries that are read again, also after a failure: it may have come too late. */
  changes: readonly (readonly unknown[])[];
  /** Not where its window was closed, or its page left, in the meantime. */
  onDone?: () => void;
};

export const useChange = <Input = void>({ name, change, left, changes, onDone }: Change<Input>) =>
  useAsking<Input, string | null>({
    name,
    ask: change,
    news: (news) => news,
    ...(left !== undefined && { left: () => left }),
    changes,
    ...(onDone && { onDone: () => onDone() }),
  });
