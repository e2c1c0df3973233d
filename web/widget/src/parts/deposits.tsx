// What has come to the deposit address, each transfer with its way through the network.

import { crypto } from "../format";
import { messages } from "../messages";
import type { Deposit, View } from "../view";
import { HashLink } from "./timeline";

const words = messages.sell.confirming;

export function Deposits({ view }: { view: View }) {
  const deposits = view.sale?.deposits ?? [];
  if (deposits.length === 0) return null;
  return (
    <ul class="deposits" aria-label={words.deposits}>
      {deposits.map((deposit) => <Row key={deposit.hash} deposit={deposit} currency={view.currency} />)}
    </ul>
  );
}

function Row({ deposit, currency }: { deposit: Deposit; currency: string }) {
  const { amount, hash, explorer_url, confirmations, confirmations_final: needed, final } = deposit;
  const state = final ? words.final : words.confirmations(confirmations, needed);
  return (
    <li>
      <div class="deposit-line">
        <strong>{crypto(amount, currency)}</strong>
        <span class={final ? "deposit-final" : "muted"}>{state}</span>
      </div>
      <progress aria-label={state} max={needed} value={final ? needed : Math.min(confirmations, needed)} />
      <div class="deposit-line small"><span class="muted">{messages.progress.hash}</span> <HashLink hash={hash} url={explorer_url} /></div>
    </li>
  );
}
