/** What breaks, or whose file can't be loaded, says so; what is around it stays. */
import { useQuery } from '@tanstack/react-query';
import { CircleAlert, RefreshCw, WifiOff } from 'lucide-react';
import { Component, useEffect, type ReactNode } from 'react';
import { text } from '../text';
import { Button } from './Button';
import { isReached, LostPart, MissingPart } from '../parts/missingPart';
import { Empty } from './States';

type Props = {
  /** How it is shown what became of the inside. */
  show: (broken: ReactNode) => ReactNode;
  children: ReactNode;
};

export class Boundary extends Component<Props, { error: unknown }> {
  override state = { error: null as unknown };
  static getDerivedStateFromError = (error: unknown) => ({ error });
  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return this.props.show(
      error instanceof LostPart ? (
        <Unreachable onReached={() => this.setState({ error: null })} />
      ) : (
        <Broken error={error} />
      ),
    );
  }
}

const words = text.states;
const ASK_AGAIN_MS = 5_000;

/** Asks until the service answers: then the part is loaded again, and all that is around it has stayed. */
function Unreachable({ onReached }: { onReached: () => void }) {
  const asked = useQuery({
    queryKey: ['reached'],
    queryFn: async () => {
      if (!(await isReached())) throw new LostPart();
      return true;
    },
    retry: false,
    refetchInterval: ASK_AGAIN_MS,
    // What was true the last time says nothing now.
    gcTime: 0,
  });
  useEffect(() => {
    if (asked.data) onReached();
  }, [asked.data]);
  return (
    <Empty
      icon={WifiOff}
      title={words.unreachable}
      action={<Button onClick={() => void asked.refetch()}>{words.retry}</Button>}
    >
      {words.unreachableWhy}
    </Empty>
  );
}

function Broken({ error }: { error: unknown }) {
  const isUpdated = error instanceof MissingPart;
  return (
    <Empty
      icon={isUpdated ? RefreshCw : CircleAlert}
      title={isUpdated ? words.updated : words.broken}
      action={<Button onClick={() => window.location.reload()}>{words.reloadPage}</Button>}
    >
      {isUpdated ? words.updatedWhy : words.brokenWhy}
    </Empty>
  );
}
