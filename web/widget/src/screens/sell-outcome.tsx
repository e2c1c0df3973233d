// After the deposit of a sell: the payout or the return, the receipt, and the endings.

import { cardName, crypto, fiat, fullTime, networkName } from "../format";
import { messages } from "../messages";
import { Badge, Fact, Screen } from "../parts/basics";
import { Emailed, Ending, PlainEnding, type OutcomeProps } from "../parts/ending";
import { Actions, BackToShop } from "../parts/frame";
import { Address } from "../parts/price";
import { FingerprintFact, Receipt } from "../parts/receipt";
import { Hash, HashLink, Timeline } from "../parts/timeline";
import { isLost, isReturning } from "../sale";
import type { View } from "../view";

const words = messages.sell;

function Progress({ view }: OutcomeProps) {
  const { title, text } = progressWords(view);
  return (
    <Screen title={title}>
      <p class="muted">{text}</p>
      {!isReturning(view) && <Emailed view={view} />}
      <Timeline view={view} />
      <Hash view={view} />
    </Screen>
  );
}

function progressWords(view: View): { title: string; text: string } {
  const { ready, readyText, payout, payoutText, back, backText, lost, lostText } = words.progress;
  if (isReturning(view)) return { title: back(view), text: backText(view) };
  if (isLost(view)) return { title: lost, text: lostText };
  const from = view.sale?.payout_from;
  if (from) return { title: ready(view), text: messages.progress.payoutFrom(fullTime(from)) };
  if (!view.sale?.paying) return { title: ready(view), text: readyText(view) };
  return { title: payout(view), text: payoutText };
}

function Completed({ view, session }: OutcomeProps) {
  const names = messages.completed;
  const finished = view.timeline.findLast((entry) => entry.code === "order.completed" || entry.code === "payout.sent");
  const card = view.sale?.payout_card;
  return (
    <Screen title={words.completed.title(view)} icon={<Badge tone="ok" />}>
      <p class="muted">{words.completed.text}</p>
      <dl class="receipt">
        <Fact name={words.completed.sold}>{crypto(view.crypto_amount, view.currency)}</Fact>
        {view.quote && <Fact name={words.completed.received}>{fiat(view.quote.total, view.quote.fiat_currency)}</Fact>}
        {card && <Fact name={names.card}>{cardName(card)}</Fact>}
        <Fact name={names.network}>{networkName(view.network)}</Fact>
        {view.sale?.deposits.map(({ hash, explorer_url }) => (
          <Fact key={hash} name={words.completed.deposit}><HashLink hash={hash} url={explorer_url} /></Fact>
        ))}
        {finished && <Fact name={names.when}><time dateTime={finished.at}>{fullTime(finished.at)}</time></Fact>}
      </dl>
      <Receipt view={view} />
      <p class="muted small">{names.wrong(view.partner)}</p>
      <Actions><BackToShop view={view} session={session} /></Actions>
    </Screen>
  );
}

function Failed({ view, session }: OutcomeProps) {
  const { title, text, money, next } = words.failure(view);
  return (
    <Ending tone={view.failure?.code === "returned" ? "info" : "stop"} title={title} view={view} session={session}>
      <p>{text}</p>
      <p><strong>{money}</strong></p>
      <Returned view={view} />
      <p class="muted">{next ?? messages.failed.next}</p>
    </Ending>
  );
}

function Returned({ view }: { view: View }) {
  const { returned, refund_address: address } = view.sale ?? {};
  if (!returned) return null;
  return (
    <dl class="receipt">
      <Fact name={words.returned.amount}>{crypto(returned.amount, view.currency)}</Fact>
      <Fact name={words.returned.network}>{networkName(view.network)}</Fact>
      {address && <Fact name={words.returned.address}><Address text={address} /></Fact>}
      <FingerprintFact text={view.sale?.refund_fingerprint} />
      <Fact name={words.returned.hash}><HashLink hash={returned.hash} url={returned.explorer_url} /></Fact>
    </dl>
  );
}

function Cancelled({ view, session }: OutcomeProps) {
  return <PlainEnding words={words.cancelled(view)} view={view} session={session} />;
}

function Expired({ view, session }: OutcomeProps) {
  return <PlainEnding words={words.expired} view={view} session={session} />;
}

export const sold = { progress: Progress, completed: Completed, failed: Failed, cancelled: Cancelled, expired: Expired };
