// The progress line, drawn; and the transactions that one can look up.

import { clockTime, fullTime, shorten } from "../format";
import { webAddress } from "../guards";
import { messages } from "../messages";
import { timelineRows, type Row } from "../timeline";
import type { View } from "../view";
import { Spinner } from "./basics";
import { Icon } from "./icons";

export function Timeline({ view }: { view: View }) {
  return (
    <ol class="timeline" aria-label={messages.timeline.title} aria-live="polite">
      {timelineRows(view).map((row) => (
        <li key={row.code} class={row.state}>
          <span class="dot"><Mark state={row.state} /></span>
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

function Mark({ state }: { state: Row["state"] }) {
  switch (state) {
    case "done":
      return <Icon name="check" size={12} />;
    case "trouble":
      return <Icon name="warn" size={12} />;
    case "now":
      return <Spinner />;
    case "ahead":
      return null;
  }
}

/** The order's own transfer, as soon as it has a hash. */
export function Hash({ view }: { view: View }) {
  const { hash, explorer_url } = view.transfer ?? {};
  if (!hash) return null;
  return (
    <p class="hash">
      <span class="muted">{messages.progress.hash}</span> <HashLink hash={hash} url={explorer_url} />
    </p>
  );
}

export function HashLink({ hash, url }: { hash: string; url: string | null | undefined }) {
  const address = webAddress(url);
  const text = shorten(hash, 8);
  if (!address) return <code title={hash}>{text}</code>;
  return <a href={address} target="_blank" rel="noopener noreferrer" title={messages.progress.look}><code>{text}</code></a>;
}
