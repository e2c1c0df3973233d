// What holds in this installation. It is read here and changed in the configuration file.

import { useLoad } from "../core/load";
import { url } from "../core/location";
import { Loading, Page, Problem } from "../parts/basics";
import { Facts, Part } from "../parts/panel";
import type { Settings } from "../wire";

export function SettingsPage() {
  const { data, problem, reload } = useLoad<Settings>("settings");
  return (
    <Page title="Settings" back={{ href: url("/health"), label: "Health" }} lead="What holds since the server started. It is changed in the configuration file, under the names in brackets.">
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      {!data && problem === undefined && <Loading rows={8} />}
      {data && (
        <div class="columns settings">
          {data.data.map(({ title, table, rows }) => (
            <Part key={title} title={title} note={<code>[{table}]</code>}>
              <Facts rows={rows.map(({ name, value }) => [name, value] as const)} />
            </Part>
          ))}
        </div>
      )}
    </Page>
  );
}
