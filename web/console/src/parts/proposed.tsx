// What one person wants already, in their words; and what comes of it, where somebody is asked to agree.

import { useMe } from "../core/me";
import { proposedTitle } from "../words";
import { Notice } from "./basics";

export function Proposed({ text, then }: { text: string; then?: string | null | undefined }) {
  return (
    <Notice tone="accent" title={proposedTitle(text, useMe().member.name)}>
      {text}
      {then && <p>{then}</p>}
    </Notice>
  );
}
