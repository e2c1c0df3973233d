// Why an order or a case does not get on: a row among its facts.

import { plural } from "../format";
import type { Trouble } from "../wire";
import { Exact } from "./text";

export function troubleRow(trouble: Trouble | null) {
  if (!trouble) return null;
  return [
    "Does not get on",
    <>
      {trouble.why}
      <p class="small muted">
        {trouble.tries > 0 && `Tried ${plural(trouble.tries, "time")} in a row, `}again at <Exact at={trouble.again_at} />
      </p>
    </>,
  ] as const;
}
