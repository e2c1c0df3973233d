// Files that come after the first screen. The browser runs none that is not the one whose digest the page names.

import { tellPartner } from "./api";
import { isRecord } from "./guards";

/** The file, or nothing where it did not come, or was changed on its way and so not run: of that the partner hears. */
export function later<T>(name: string, load: () => Promise<T>): Promise<T | undefined> {
  return load().catch(() => {
    void tellOfChange(name).catch(() => undefined);
    return undefined;
  });
}

async function tellOfChange(name: string): Promise<void> {
  const map: unknown = JSON.parse(document.querySelector("script[type=importmap]")?.textContent ?? "null");
  const digests = isRecord(map) && isRecord(map["integrity"]) ? map["integrity"] : {};
  const path = Object.keys(digests).find((known) => known.startsWith(`/assets/${name}-`));
  if (path === undefined) return;
  const comes = (integrity: string): Promise<boolean> => fetch(path, { integrity }).then(({ ok }) => ok, () => false);
  // A line that is lost gives neither.
  if ((await comes("")) && !(await comes(String(digests[path])))) tellPartner("embed_script_changed");
}
