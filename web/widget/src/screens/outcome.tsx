// After the payment of a buy: the line of what happened, the receipt, and the endings.

import { cardName, crypto, fiat, fullTime, networkName } from "../format";
import { messages } from "../messages";
import { Badge, Fact, Screen } from "../parts/basics";
import { Emailed, Ending, PlainEnding, Refunds, type OutcomeProps } from "../parts/ending";
import { Actions, BackToShop } from "../parts/frame";
import { Address } from "../parts/price";
import { FingerprintFact, Receipt } from "../parts/receipt";
import { Hash, HashLink, Timeline } from "../parts/timeline";

function Progress({ view }: OutcomeProps) {
  const refunding = view.timeline.some((entry) => entry.code === "refund.started");
  const words = messages.progress;
  const held = refunding ? null : view.held_until;
  const title = held ? words.heldTitle(view) : words.title(view);
  return (
    <Screen title={refunding ? words.refund : title}>
      <p class="muted">{held ? words.held(view, fullTime(held)) : words.text}</p>
      {!refunding && <Emailed view={view} />}
      <Timeline view={view} />
      <Hash view={view} />
    </Screen>
  );
}

function Completed({ view, session }: OutcomeProps) {
  const words = messages.completed;
  const finished = view.timeline.findLast((entry) => entry.code === "order.completed" || entry.code === "transfer.confirmed");
  const card = view.payment?.card;
  return (
    <Screen title={words.title(view)} icon={<Badge tone="ok" />}>
      <p class="muted">{words.text}</p>
      <dl class="receipt">
        <Fact name={words.received}>{crypto(view.crypto_amount, view.currency)}</Fact>
        {view.quote && <Fact name={words.paid}>{fiat(view.quote.total, view.quote.fiat_currency)}</Fact>}
        {card && <Fact name={words.card}>{cardName(card)}</Fact>}
        <Fact name={words.network}>{networkName(view.network)}</Fact>
        <Fact name={words.address}><Address text={view.address} /></Fact>
        <FingerprintFact text={view.address_fingerprint} />
        {view.transfer?.hash && <Fact name={words.hash}><HashLink hash={view.transfer.hash} url={view.transfer.explorer_url} /></Fact>}
        {finished && <Fact name={words.when}><time dateTime={finished.at}>{fullTime(finished.at)}</time></Fact>}
      </dl>
      <Refunds view={view} />
      <Receipt view={view} />
      <p class="muted small">{words.wrong(view.partner)}</p>
      <Actions><BackToShop view={view} session={session} /></Actions>
    </Screen>
  );
}

function Failed({ view, session }: OutcomeProps) {
  const words = messages.failed.of(view.failure?.code);
  const moved = view.failure?.money_moved === true;
  const refused = view.failure?.code === "identity_refused";
  const again = view.failure?.again_at;
  return (
    <Ending tone="stop" title={words.title} view={view} session={session}>
      <p>{words.text}</p>
      {view.refunds.length === 0 && <p><strong>{moved ? messages.failed.moved : messages.failed.untouched}</strong></p>}
      <p class="muted">{again ? messages.failed.again(fullTime(again)) : refused ? messages.failed.nextRefused : messages.failed.next}</p>
    </Ending>
  );
}

function Cancelled({ view, session }: OutcomeProps) {
  return <PlainEnding words={messages.cancelled} view={view} session={session} />;
}

function Expired({ view, session }: OutcomeProps) {
  return <PlainEnding words={messages.expired} view={view} session={session} />;
}

export const bought = { progress: Progress, completed: Completed, failed: Failed, cancelled: Cancelled, expired: Expired };
