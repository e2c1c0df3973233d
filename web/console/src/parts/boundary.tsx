// A page that cannot be drawn must not take the way to the others with it.

import { Component, type ComponentChildren } from "preact";
import { Button, Notice } from "./basics";

interface BoundaryProps {
  /** Another page is another chance. */
  at: string;
  children: ComponentChildren;
}

export class Boundary extends Component<BoundaryProps, { failed: boolean }> {
  override state = { failed: false };

  static override getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override componentDidUpdate(before: BoundaryProps): void {
    if (before.at !== this.props.at && this.state.failed) this.setState({ failed: false });
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <Notice tone="stop" title="This page cannot be drawn" action={<Button small onClick={() => location.reload()}>Load it again</Button>}>
        Nothing was changed by that. If it stays so, console and server may be of different versions.
      </Notice>
    );
  }
}
