// What came outside of a sell, and what became of it: too much, too late, once more, something else.

import { messages } from "../messages";
import { lateOf } from "../sale";
import type { Session } from "../session";
import type { Case, View } from "../view";
import { Notice } from "./basics";
import { HashLink } from "./timeline";

const words = messages.sell.cases;

export function Cases({ view, session }: { view: View; session: Session }) {
  // The one that is asked about has the screen to itself.
  const asked = lateOf(view)?.id;
  const cases = view.sale?.cases.filter(({ id }) => id !== asked) ?? [];
  return (
    <div class="live" aria-live="polite">
      {cases.map((one) => <Row key={one.id} one={one} view={view} session={session} />)}
    </div>
  );
}

function Row({ one, view, session }: { one: Case; view: View; session: Session }) {
  const show = () => void session.command((api) => api.showSold(one.id));
  return (
    <Notice tone="wait" title={words.came(one, view)}>
      {words.state(one)}
      {one.hash && <> <HashLink hash={one.hash} url={one.explorer_url} /></>}
      {one.state === "sold" && <> <button type="button" class="inline-link" onClick={show}>{words.show}</button></>}
    </Notice>
  );
}
