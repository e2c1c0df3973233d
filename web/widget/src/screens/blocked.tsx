// When no order can be shown at all: what happened, and the way on.

import { useEffect, useState } from "preact/hooks";
import { messages } from "../messages";
import { Badge, Bone, Button, Screen } from "../parts/basics";
import { Code } from "../parts/code";
import { Actions } from "../parts/frame";
import type { Blocked, Session } from "../session";

export function BlockedScreen({ blocked, session }: { blocked: Blocked; session: Session }) {
  const code = codeOf(blocked);
  const words = blocked.kind === "parameter_mismatch" ? messages.blocked.parameter_mismatch(blocked.field) : messages.blocked[blocked.kind];
  return (
    <Screen title={words.title} icon={<Badge tone="stop" />}>
      <p>{words.text}</p>
      <p class="muted">{words.next}</p>
      {code && <p><Code code={code} /></p>}
      {blocked.kind === "unavailable" && (
        <Actions>
          <Button onClick={() => void session.retry()}>{messages.tryAgain}</Button>
        </Actions>
      )}
    </Screen>
  );
}

/** What to tell the shop's people, where it is theirs to put right. */
export function codeOf(blocked: Blocked): string | undefined {
  if (blocked.kind === "parameter_mismatch") return "embed_changed";
  if (blocked.kind === "silent") return "embed_page_silent";
  return blocked.kind === "invalid_token" ? blocked.code : undefined;
}

// Until then the bones say enough.
const SLOW_MS = 3_000;

export function Loading() {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <section class="screen skeleton" aria-busy="true">
      <h1 class={slow ? "" : "unseen"}>{messages.loading}</h1>
      <Bone look="bone wide" />
      <Bone look="bone" />
      <Bone look="bone block" />
      <Bone look="bone button-bone" />
    </section>
  );
}
