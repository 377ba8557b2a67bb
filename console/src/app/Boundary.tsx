/** What breaks, or whose file is gone after an update, says so; what is around it stays. */
import { CircleAlert, RefreshCw, WifiOff, type LucideIcon } from 'lucide-react';
import { Component, type ReactNode } from 'react';
import { Button } from '../components/Button';
import { LostPart, MissingPart } from '../components/missingPart';
import { Empty } from '../components/States';
import { text } from '../text';

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
    return error === null ? this.props.children : this.props.show(<Broken error={error} />);
  }
}

const words = text.states;

function Broken({ error }: { error: unknown }) {
  const { icon, title, why } = said(error);
  return (
    <Empty
      icon={icon}
      title={title}
      action={<Button onClick={() => window.location.reload()}>{words.reloadPage}</Button>}
    >
      {why}
    </Empty>
  );
}

function said(error: unknown): { icon: LucideIcon; title: string; why: string } {
  if (error instanceof MissingPart) return { icon: RefreshCw, title: words.updated, why: words.updatedWhy };
  if (error instanceof LostPart) return { icon: WifiOff, title: words.unreachable, why: words.unreachableWhy };
  return { icon: CircleAlert, title: words.broken, why: words.brokenWhy };
}
