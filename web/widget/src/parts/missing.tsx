// In the place of what should have come later, and did not.

import { messages } from "../messages";
import { Button, Notice, Screen } from "./basics";
import { Actions } from "./frame";

export function Missing({ title, text, onAgain }: { title: string; text: string; onAgain: () => void }) {
  return (
    <Screen title={title}>
      <Notice tone="stop">{text}</Notice>
      <Actions><Button onClick={onAgain}>{messages.tryAgain}</Button></Actions>
    </Screen>
  );
}
