// What the last screens are made of: the facts of a receipt, and an ending with its way back.

import type { ComponentChildren } from "preact";
import type { Session } from "../session";
import type { View } from "../view";
import { Badge, Screen } from "./basics";
import { Actions, BackToShop } from "./frame";

export interface OutcomeProps {
  view: View;
  session: Session;
}

export const Fact = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div><dt>{name}</dt><dd>{children}</dd></div>
);

export function Ending({ tone, title, view, session, children }: OutcomeProps & { tone: "stop" | "info"; title: string; children: ComponentChildren }) {
  return (
    <Screen title={title} icon={<Badge tone={tone} />}>
      {children}
      <Actions><BackToShop view={view} session={session} /></Actions>
    </Screen>
  );
}

export function PlainEnding({ words, view, session }: OutcomeProps & { words: { title: string; text: string; next: string } }) {
  return (
    <Ending tone="info" title={words.title} view={view} session={session}>
      <p><strong>{words.text}</strong></p>
      <p class="muted">{words.next}</p>
    </Ending>
  );
}
