// What the last screens are made of: the facts of a receipt, and an ending with its way back.

import type { ComponentChildren } from "preact";
import type { Session } from "../session";
import type { View } from "../view";
import { fiat } from "../format";
import { messages } from "../messages";
import { Badge, Notice, Screen } from "./basics";
import { Actions, BackToShop } from "./frame";
import { Receipt } from "./receipt";

export interface OutcomeProps {
  view: View;
  session: Session;
}

/** Nobody has to stay and look. */
export const Emailed = ({ view }: { view: View }) => (view.tells_by_email ? <p class="muted">{messages.progress.emailed(view)}</p> : null);

/** What goes back beside the order itself. */
export const Refunds = ({ view }: { view: Pick<View, "refunds"> }) => (
  <>
    {view.refunds.map(({ amount, fiat_currency, state }, n) => {
      const words = messages.refund(state, fiat(amount, fiat_currency));
      return <Notice key={n} tone={state === "sent" ? "ok" : "wait"} title={words.title}>{words.text}</Notice>;
    })}
  </>
);

export function Ending({ tone, title, view, session, children }: OutcomeProps & { tone: "stop" | "info"; title: string; children: ComponentChildren }) {
  return (
    <Screen title={title} icon={<Badge tone={tone} />}>
      {children}
      <Refunds view={view} />
      <Receipt view={view} />
      <Actions><BackToShop view={view} session={session} /></Actions>
    </Screen>
  );
}

export function PlainEnding({ words, view, session }: OutcomeProps & { words: { title: string; text: string; next: string } }) {
  return (
    <Ending tone="info" title={words.title} view={view} session={session}>
      {view.refunds.length === 0 && <p><strong>{words.text}</strong></p>}
      <p class="muted">{words.next}</p>
    </Ending>
  );
}
