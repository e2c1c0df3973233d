// What is other than before, value by value.

import type { Change } from "../diff";

export function Changes({ changes }: { changes: Change[] }) {
  return (
    <dl class="diff">
      {changes.map(({ path, before, after }) => (
        <div key={path}>
          <dt>{path === "" ? "All" : path}</dt>
          {before !== undefined && <dd class="was"><span class="aloud">before </span>{before}</dd>}
          {after !== undefined && <dd class="is"><span class="aloud">after </span>{after}</dd>}
        </div>
      ))}
    </dl>
  );
}
