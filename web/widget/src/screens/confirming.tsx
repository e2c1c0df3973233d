// The deposit has been seen: how far the network has confirmed it.

import { messages } from "../messages";
import { Screen } from "../parts/basics";
import { Deposits } from "../parts/deposits";
import { Timeline } from "../parts/timeline";
import type { View } from "../view";

const words = messages.sell.confirming;

export function Confirming({ view }: { view: View }) {
  return (
    <Screen title={words.title}>
      <p class="muted">{words.text}</p>
      <Deposits view={view} />
      <Timeline view={view} />
    </Screen>
  );
}
