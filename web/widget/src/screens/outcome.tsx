// After the payment: the line of what happened, the receipt, and the endings.

import type { ComponentChildren } from "preact";
import { brandName, clockTime, crypto, fiat, fullTime, networkName, shorten } from "../format";
import { webAddress } from "../guards";
import { messages } from "../messages";
import { Badge, Screen, Spinner } from "../parts/basics";
import { Actions, BackToShop } from "../parts/frame";
import { Icon } from "../parts/icons";
import { Address } from "../parts/price";
import type { Session } from "../session";
import { timelineRows, type Row } from "../timeline";
import type { View } from "../view";

interface OutcomeProps {
  view: View;
  session: Session;
}

export function Progress({ view }: OutcomeProps) {
  const refunding = view.timeline.some((entry) => entry.code === "refund.started");
  return (
    <Screen title={refunding ? messages.progress.refund : messages.progress.title(view)}>
      <p class="muted">{messages.progress.text}</p>
      <Timeline rows={timelineRows(view)} />
      <Hash view={view} />
    </Screen>
  );
}

function Timeline({ rows }: { rows: Row[] }) {
  return (
    <ol class="timeline" aria-label={messages.timeline.title} aria-live="polite">
      {rows.map((row) => (
        <li key={row.code} class={row.state}>
          <span class="dot">{row.state === "done" ? <Icon name="check" size={12} /> : row.state === "now" ? <Spinner /> : null}</span>
          <span class="what">
            {row.title}
            {row.note && <small>{row.note}</small>}
            {row.state === "now" && <span class="unseen"> ({messages.timeline.now})</span>}
          </span>
          {row.at && <time dateTime={row.at} title={fullTime(row.at)}>{clockTime(row.at)}</time>}
        </li>
      ))}
    </ol>
  );
}

function Hash({ view }: { view: View }) {
  if (!view.transfer?.hash) return null;
  return (
    <p class="hash">
      <span class="muted">{messages.progress.hash}</span> <HashLink view={view} />
    </p>
  );
}

function HashLink({ view }: { view: View }) {
  const { hash, explorer_url } = view.transfer ?? {};
  if (!hash) return null;
  const address = webAddress(explorer_url);
  const text = shorten(hash, 8);
  if (!address) return <code title={hash}>{text}</code>;
  return <a href={address} target="_blank" rel="noopener noreferrer" title={messages.progress.look}><code>{text}</code></a>;
}

export function Completed({ view, session }: OutcomeProps) {
  const words = messages.completed;
  const finished = view.timeline.findLast((entry) => entry.code === "order.completed" || entry.code === "transfer.confirmed");
  const card = view.payment?.card;
  return (
    <Screen title={words.title(view)} icon={<Badge tone="ok" />}>
      <p class="muted">{words.text}</p>
      <dl class="receipt">
        <Fact name={words.received}>{crypto(view.crypto_amount, view.currency)}</Fact>
        {view.quote && <Fact name={words.paid}>{fiat(view.quote.total, view.quote.fiat_currency)}</Fact>}
        {card && <Fact name={words.card}>{brandName(card.brand)} ·· {card.last4}</Fact>}
        <Fact name={words.network}>{networkName(view.network)}</Fact>
        <Fact name={words.address}><Address text={view.address} /></Fact>
        {view.transfer?.hash && <Fact name={words.hash}><HashLink view={view} /></Fact>}
        {finished && <Fact name={words.when}><time dateTime={finished.at}>{fullTime(finished.at)}</time></Fact>}
      </dl>
      <p class="muted small">{words.wrong(view.partner)}</p>
      <Actions><BackToShop view={view} session={session} /></Actions>
    </Screen>
  );
}

const Fact = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div><dt>{name}</dt><dd>{children}</dd></div>
);

export function Failed({ view, session }: OutcomeProps) {
  const words = messages.failed.of(view.failure?.code);
  const moved = view.failure?.money_moved === true;
  const refused = view.failure?.code === "identity_refused";
  return (
    <Ending tone="stop" title={words.title} view={view} session={session}>
      <p>{words.text}</p>
      <p><strong>{moved ? messages.failed.moved : messages.failed.untouched}</strong></p>
      <p class="muted">{refused ? messages.failed.nextRefused : messages.failed.next}</p>
    </Ending>
  );
}

export function Cancelled({ view, session }: OutcomeProps) {
  return <PlainEnding words={messages.cancelled} view={view} session={session} />;
}

export function Expired({ view, session }: OutcomeProps) {
  return <PlainEnding words={messages.expired} view={view} session={session} />;
}

function PlainEnding({ words, view, session }: OutcomeProps & { words: { title: string; text: string; next: string } }) {
  return (
    <Ending tone="info" title={words.title} view={view} session={session}>
      <p><strong>{words.text}</strong></p>
      <p class="muted">{words.next}</p>
    </Ending>
  );
}

function Ending({ tone, title, view, session, children }: OutcomeProps & { tone: "stop" | "info"; title: string; children: ComponentChildren }) {
  return (
    <Screen title={title} icon={<Badge tone={tone} />}>
      {children}
      <Actions><BackToShop view={view} session={session} /></Actions>
    </Screen>
  );
}
