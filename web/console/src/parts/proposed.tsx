// What one person wants already, in their words.

import { useMe } from "../core/me";
import { proposedTitle } from "../words";
import { Notice } from "./basics";

export function Proposed({ text }: { text: string }) {
  return <Notice tone="accent" title={proposedTitle(text, useMe().member.name)}>{text}</Notice>;
}
