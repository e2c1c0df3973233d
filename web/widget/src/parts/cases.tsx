// What came outside of a sell, and what became of it: too much, too late, once more, something else.

import { messages } from "../messages";
import type { Case, View } from "../view";
import { Notice } from "./basics";
import { HashLink } from "./timeline";

const words = messages.sell.cases;

export function Cases({ view }: { view: View }) {
  const cases = view.sale?.cases ?? [];
  return (
    <div class="live" aria-live="polite">
      {cases.map((one, index) => <Row key={index} one={one} view={view} />)}
    </div>
  );
}

function Row({ one, view }: { one: Case; view: View }) {
  return (
    <Notice tone="wait" title={words.came(one, view)}>
      {words.state(one)}
      {one.hash && <> <HashLink hash={one.hash} url={one.explorer_url} /></>}
    </Notice>
  );
}
