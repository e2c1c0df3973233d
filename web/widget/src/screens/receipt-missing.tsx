// In the place of a receipt that could not be loaded, or whose page could not.

import { messages } from "../messages";
import { Button, Notice, Screen } from "../parts/basics";
import { Actions } from "../parts/frame";

export function ReceiptMissing({ onAgain }: { onAgain: () => void }) {
  return (
    <Screen title={messages.receiptPage.title}>
      <Notice tone="stop">{messages.receiptPage.unreachable}</Notice>
      <Actions><Button onClick={onAgain}>{messages.tryAgain}</Button></Actions>
    </Screen>
  );
}
