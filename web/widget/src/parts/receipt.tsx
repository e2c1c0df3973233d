// What the person takes away: the fingerprint of an address, and the signed receipt.

import { spoken } from "../lang/speak";
import { messages } from "../messages";
import type { View } from "../view";
import { Fact } from "./basics";
import { CopyButton } from "./copy";

const words = messages.receipt;

/** By which two people compare an address over the phone. */
export const Fingerprint = ({ text }: { text: string }) => <code class="fingerprint" title={words.compare}>{text}</code>;

export const FingerprintFact = ({ text }: { text: string | null | undefined }) =>
  text ? <Fact name={words.fingerprint}><Fingerprint text={text} /></Fact> : null;

type Signed = Pick<View, "receipt" | "merchant_transaction_id"> & Partial<Pick<View, "receipt_path" | "step">>;

export function Receipt({ view }: { view: Signed }) {
  if (!view.receipt) return null;
  const text = JSON.stringify(view.receipt, null, 2);
  return (
    <>
      {view.receipt_path && <ReceiptLink path={view.receipt_path} />}
      <section class="part" aria-labelledby="receipt-title">
        <h2 id="receipt-title">{words.title}</h2>
        <p class="muted small">{view.step && view.step !== "completed" ? words.textEnded : words.text}</p>
        <div class="take">
          <CopyButton text={text} what="receipt" />
          <button type="button" class="copy" onClick={() => save(text, view.merchant_transaction_id)}>{words.save}</button>
        </div>
      </section>
    </>
  );
}

/** In a window of its own: it can be printed, kept and sent on. */
function ReceiptLink({ path }: { path: string }) {
  const place = new URL(path, location.origin);
  place.searchParams.set("lang", spoken());
  const address = place.href;
  return (
    <p class="take page">
      <a href={address} target="_blank" rel="noopener noreferrer">{messages.receiptPage.open}</a>
      <CopyButton text={address} what="link" />
    </p>
  );
}

const KEPT_MS = 10_000;

function save(text: string, order: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${text}\n`], { type: "application/json" }));
  link.download = `proof-receipt-${order}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}
