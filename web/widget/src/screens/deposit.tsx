// The deposit address: how much, of what, where to and until when; and what happens otherwise.

import { useEffect } from "preact/hooks";
import { crypto, fullTime, inBlocks, networkName } from "../format";
import { messages } from "../messages";
import { Notice, Screen } from "../parts/basics";
import { Cases } from "../parts/cases";
import { CopyButton } from "../parts/copy";
import { Deposits } from "../parts/deposits";
import { QrCode } from "../parts/qr";
import { Fingerprint } from "../parts/receipt";
import { Hero } from "../parts/price";
import { TimeLeft } from "../parts/time-left";
import { depositCode, isGone, isPart, toSend } from "../sale";
import type { Session } from "../session";
import type { View } from "../view";

const words = messages.sell.deposit;

export function Deposit({ view, session, clockAheadMs }: { view: View; session: Session; clockAheadMs: number }) {
  const address = view.sale?.deposit_address;
  useEffect(() => {
    if (address) session.depositShown();
  }, [address, session]);
  if (!address) return null;
  const amount = crypto(toSend(view), view.currency);
  return (
    <Screen title={words.title(view)}>
      <TimeLeft until={view.sale?.deposit_until} clockAheadMs={clockAheadMs} words={words} />
      <div class="live" aria-live="polite">
        {isGone(view) && <Notice tone="wait" title={words.gone}>{words.goneText}</Notice>}
        {isPart(view) && <Notice tone="wait" title={words.part(view)}>{words.partText}</Notice>}
      </div>
      {/* Whoever sent the wrong thing comes back to this screen, and is not to scroll past the address to hear of it. */}
      <Cases view={view} session={session} />
      <Notice tone="wait" icon="warn" title={words.warning(view)}>{words.warningText}</Notice>
      <dl class="send">
        <div>
          <dt>{words.amount(view)}</dt>
          <Hero text={amount} />
          <dd class="act"><CopyButton text={toSend(view)} what="amount" /></dd>
        </div>
        <div>
          <dt>{words.network}</dt>
          <dd>{networkName(view.network)}</dd>
        </div>
        <div>
          <dt>{words.address}</dt>
          <dd class="whole"><Whole address={address} /></dd>
          <dd class="act"><CopyButton text={address} what="address" /></dd>
          <dd class="muted small wide"><Ends address={address} /></dd>
          {view.sale?.deposit_fingerprint && <dd class="muted small wide">{messages.receipt.fingerprint} <Fingerprint text={view.sale.deposit_fingerprint} /></dd>}
        </div>
      </dl>
      <WalletLink href={view.sale?.deposit_link} />
      <figure class="code">
        <QrCode text={depositCode(view)} label={words.code(view)} />
        <figcaption class="muted small">{words.codeText(view)}</figcaption>
      </figure>
      <Deposits view={view} />
      <section class="part" aria-labelledby="next-title">
        <h2 id="next-title">{words.next}</h2>
        <ul class="next">
          <li>{view.sale?.payout_from ? messages.progress.payoutFrom(fullTime(view.sale.payout_from)) : words.payout(view)}</li>
          <li>{words.price(view)}</li>
          <li>{words.timeout(view)}</li>
          <li>{words.close}</li>
        </ul>
      </section>
    </Screen>
  );
}

/** On a phone nobody can read the code on its own screen: its wallet is opened instead. */
function WalletLink({ href }: { href: string | null | undefined }) {
  if (!href || !matchMedia("(pointer: coarse)").matches) return null;
  return (
    <div class="wallet-link">
      <a class="button plain" href={href}>{words.openWallet}</a>
      <p class="muted small">{words.openWalletHelp}</p>
    </div>
  );
}

/** In blocks for the eye, in one piece for the ear and for whoever selects it by hand. */
function Whole({ address }: { address: string }) {
  return (
    <>
      <code class="blocks" aria-hidden="true">{inBlocks(address).map((block, index) => <span key={index}>{block}</span>)}</code>
      <span class="unseen">{address}</span>
    </>
  );
}

// For private use: no language has them.
const START = "\ue000";
const END = "\ue001";

function Ends({ address }: { address: string }) {
  // Where the two stand in the sentence, each language says.
  const parts = words.ends(START, END).split(/([\ue000\ue001])/);
  const shown: Record<string, string> = { [START]: address.slice(0, 6), [END]: address.slice(-6) };
  return <>{parts.map((part, index) => (shown[part] ? <code key={index} class="end">{shown[part]}</code> : part))}</>;
}
