// A button that puts a text on the clipboard and says so, to the eye and to the ear.

import { useEffect, useState } from "preact/hooks";
import { copyText } from "../../../common/copy";
import { useAlive } from "../hooks";
import { messages } from "../messages";
import type { Copied } from "../messages-sell";
import { Icon } from "./icons";

const words = messages.sell.copy;
const SAID_MS = 2500;

export function CopyButton({ text, what }: { text: string; what: Copied }) {
  const [outcome, setOutcome] = useState<"copied" | "failed">();
  const alive = useAlive();
  useEffect(() => {
    if (outcome !== "copied") return undefined;
    const timer = setTimeout(() => setOutcome(undefined), SAID_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async () => {
    const copied = await copyText(text);
    if (alive.current) setOutcome(copied ? "copied" : "failed");
  };
  const copied = outcome === "copied";
  return (
    <>
      <button type="button" class={`copy${copied ? " ok" : ""}`} onClick={() => void copy()}>
        <Icon name={copied ? "check" : "copy"} />
        <span aria-hidden="true">{copied ? words.copied : words.copy}</span>
        <span class="unseen">{words.what(what)}</span>
      </button>
      <span class={outcome === "failed" ? "copy-failed" : "unseen"} role="status">
        {copied && words.done(what)}
        {outcome === "failed" && words.failed}
      </span>
    </>
  );
}
