/** A page that breaks, or whose file is gone after an update, says so; the frame stays. */
import { Component, type ReactNode } from 'react';
import { PageHead } from '../components/Card';
import { Failed } from '../components/States';

type Props = { title: string; children: ReactNode };

export class Boundary extends Component<Props, { error: unknown }> {
  override state = { error: null as unknown };
  static getDerivedStateFromError = (error: unknown) => ({ error });
  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <>
        <PageHead title={this.props.title} />
        <Failed error={this.state.error} onRetry={() => window.location.reload()} />
      </>
    );
  }
}
