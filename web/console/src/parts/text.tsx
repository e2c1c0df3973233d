// Times, amounts, ids and JSON, as text.

import { useEffect, useState } from "preact/hooks";
import { sandboxNow } from "../core/ahead";
import { copyText } from "../../../common/copy";
import { ago, amountWords, atPoint, clock, exact, shortId } from "../format";
import { Icon } from "./icons";

export const Ago = ({ at }: { at: string }) => <time dateTime={at} title={exact(at)}>{ago(at, sandboxNow())}</time>;
export const Clock = ({ at }: { at: string }) => <time dateTime={at} title={exact(at)}>{clock(at)}</time>;
export const Exact = ({ at }: { at: string }) => <time dateTime={at}>{exact(at)}</time>;

export const Amount = ({ amount, unit }: { amount: string; unit: string }) => <span class="amount">{amountWords(amount, unit)}</span>;

/** A decimal in a column: points stand under each other. `places`: the most that the column has. */
export function Aligned({ amount, places }: { amount: string; places: number }) {
  const { whole, part } = atPoint(amount);
  return (
    <span class="aligned">
      {whole}
      <span class="aligned-part" style={{ width: `${places === 0 ? 0 : places + 0.5}ch` }}>{part}</span>
    </span>
  );
}

export const Id = ({ id }: { id: string }) => <code class="id" title={id}>{shortId(id)}</code>;

export function Json({ value }: { value: unknown }) {
  return <pre class="json" tabIndex={0}>{JSON.stringify(value, null, 2)}</pre>;
}

const SAID_MS = 2500;

export function Copy({ text, what, quiet = false }: { text: string; what: string; quiet?: boolean }) {
  const [outcome, setOutcome] = useState<"copied" | "failed">();
  useEffect(() => {
    if (outcome !== "copied") return undefined;
    const timer = setTimeout(() => setOutcome(undefined), SAID_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copied = outcome === "copied";
  return (
    <>
      <button
        type="button"
        class={quiet ? "icon-button" : "button plain small-button"}
        onClick={() => void copyText(text).then((done) => setOutcome(done ? "copied" : "failed"))}
        aria-label={`Copy ${what}`}
        title={`Copy ${what}`}
      >
        <Icon name={copied ? "check" : "copy"} size={quiet ? 14 : 16} />
        {!quiet && (copied ? "Copied" : "Copy")}
      </button>
      <span class={outcome === "failed" ? "small stop-text" : "aloud"} role="status">
        {copied && `${what} is copied`}
        {outcome === "failed" && "Copying is not allowed here: select it by hand."}
      </span>
    </>
  );
}

/** A sentence in which what a machine reads stands between backticks. */
export function Words({ text }: { text: string }) {
  return <>{text.split("`").map((piece, index) => (index % 2 === 1 ? <code key={index}>{piece}</code> : piece))}</>;
}

/** Something long that is copied as a whole: a token, an address, a link. */
export function Secret({ text, what, inBlocks = false }: { text: string; what: string; inBlocks?: boolean }) {
  return (
    <div class="secret">
      <code>{inBlocks ? text.match(/.{1,4}/g)?.map((block, index) => <span key={index}>{block}</span>) : text}</code>
      <Copy text={text} what={what} />
    </div>
  );
}
