// A receipt by its own link, outside of any shop: what was bought or sold, what it cost and where it went. Whoever has the
// link may see it, so that it names nobody.

import { Fragment } from "preact";
import { useEffect, useState } from "preact/hooks";
import { partner, Refused, tellPartner, type Api, type ReceiptFacts } from "../api";
import { brandless, crypto, fiat, fullTime, networkName } from "../format";
import { webAddress } from "../guards";
import { readLook, wear } from "../look";
import { messages } from "../messages";
import { Badge, Button, Fact, Notice, Screen, Spinner } from "../parts/basics";
import { Refunds } from "../parts/ending";
import { Actions } from "../parts/frame";
import { Missing } from "../parts/missing";
import { PriceLines } from "../parts/price";
import { FingerprintFact, Receipt } from "../parts/receipt";

const words = messages.receiptPage;

type Shown = { is: "loading" | "over" | "unreachable" } | { is: "here"; facts: ReceiptFacts };

/** `token`: what stands behind the `#`. */
export function ReceiptPage({ api, token }: { api: Api; token: string }) {
  const [shown, setShown] = useState<Shown>({ is: "loading" });
  const load = async () => {
    setShown({ is: "loading" });
    try {
      const facts = await api.receipt(token);
      wear(readLook(facts.look));
      partner.widget = facts.widget_id;
      setShown({ is: "here", facts });
    } catch (error) {
      const over = error instanceof Refused && error.code === "invalid_token";
      setShown({ is: over ? "over" : "unreachable" });
    }
  };
  useEffect(() => {
    document.title = words.title;
    const tampered = new Promise((resolve) => document.addEventListener("securitypolicyviolation", resolve, { once: true }));
    // The page itself is the same for everybody, and cannot say to the browser whose it is.
    void load().then(() => tampered).then(() => tellPartner("embed_tampered"));
  }, []);
  switch (shown.is) {
    case "loading":
      return <p class="muted" role="status"><Spinner /> {words.loading}</p>;
    case "over":
      return (
        <Screen title={words.over.title} icon={<Badge tone="info" />}>
          <p>{words.over.text}</p>
          <p class="muted">{words.over.next}</p>
        </Screen>
      );
    case "unreachable":
      return <Missing title={words.title} text={words.unreachable} onAgain={() => void load()} />;
    case "here":
      return <Facts facts={shown.facts} />;
  }
}

function Facts({ facts }: { facts: ReceiptFacts }) {
  const logo = readLook(facts.look).logo;
  const isSell = facts.type === "sell";
  const amount = crypto(facts.crypto_amount, facts.currency);
  const { price } = facts;
  const total = price && fiat(price.total, price.fiat_currency);
  const paid = isSell ? messages.sell.completed.received : messages.completed.paid;
  return (
    <>
      {logo && <img class="logo" src={logo} alt={facts.partner} onError={({ currentTarget }) => currentTarget.remove()} />}
      <Screen title={words.heading(isSell, amount)} icon={<Badge tone="ok" />}>
        {facts.environment === "test" && <Notice tone="wait">{words.sandbox}</Notice>}
        <dl class="receipt whole">
          <Fact name={words.shop}>{facts.partner}</Fact>
          <Fact name={words.order}><code>{facts.merchant_transaction_id}</code></Fact>
          <Fact name={messages.completed.when}><time dateTime={facts.completed_at}>{fullTime(facts.completed_at)}</time></Fact>
          <Fact name={isSell ? messages.sell.completed.sold : messages.completed.received}>{amount}</Fact>
          <Fact name={messages.completed.network}>{networkName(facts.network)}</Fact>
          {total && <Fact name={paid}>{total}</Fact>}
          <Fact name={words.method}>{brandless(facts.method)}</Fact>
          {facts.addresses.map(({ what, address, fingerprint }) => (
            <Fragment key={what}>
              <Fact name={messages.completed.address}><code>{address}</code></Fact>
              <FingerprintFact text={fingerprint} />
            </Fragment>
          ))}
          {facts.transactions.map(({ hash, explorer_url }) => (
            <Fact key={hash} name={messages.completed.hash}><WholeHash hash={hash} url={explorer_url} /></Fact>
          ))}
        </dl>
        {price && (
          <section class="part lines" aria-labelledby="price-title">
            <h2 id="price-title">{messages.pay.details}</h2>
            <PriceLines order={facts} quote={price} total={paid} />
          </section>
        )}
        <Refunds view={facts} />
        <Receipt view={facts} />
        {facts.receipt && (
          <p class="muted small">
            {words.signed(facts.receipt.key_id)} <a class="screen-only" href="/docs/partner/receipts#checking-one" target="_blank" rel="noopener noreferrer">{words.check}</a>
          </p>
        )}
        <Actions><Button kind="plain" onClick={() => print()}>{words.print}</Button></Actions>
        <p class="muted small">{words.note(fullTime(facts.until))}</p>
      </Screen>
    </>
  );
}

function WholeHash({ hash, url }: { hash: string; url: string }) {
  const address = webAddress(url);
  return address ? <a href={address} target="_blank" rel="noopener noreferrer"><code>{hash}</code></a> : <code>{hash}</code>;
}
