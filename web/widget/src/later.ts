// Files that come after the first screen. The browser runs none that is not the one whose digest the page names.

import { tellPartner } from "./api";
import { isRecord } from "./guards";

/**
 * The file, or nothing where it did not come, or was changed on its way and so not run: of that the partner hears. `learn`: finds out
 * whose page it is, where that is not known yet.
 */
export function later<T>(name: string, load: () => Promise<T>, learn?: () => Promise<void>): Promise<T | undefined> {
  return load().catch(() => {
    void tellOfChange(name, learn).catch(() => undefined);
    return undefined;
  });
}

/** One that is fetched before it is needed, and kept. */
export class LaterFile<T> {
  here: T | undefined;
  private coming: Promise<T | undefined> | undefined;

  constructor(
    private readonly name: string,
    private readonly load: () => Promise<T>,
  ) {}

  want(): Promise<T | undefined> {
    return (this.coming ??= later(this.name, this.load).then((came) => {
      this.here = came;
      // What did not come may come when it is asked for again.
      if (!came) this.coming = undefined;
      return came;
    }));
  }
}

async function tellOfChange(name: string, learn?: () => Promise<void>): Promise<void> {
  const map: unknown = JSON.parse(document.querySelector("script[type=importmap]")?.textContent ?? "null");
  const digests = isRecord(map) && isRecord(map["integrity"]) ? map["integrity"] : {};
  const path = Object.keys(digests).find((known) => known.startsWith(`/assets/${name}-`));
  if (path === undefined) return;
  const comes = (integrity: string): Promise<boolean> => fetch(path, { integrity }).then(({ ok }) => ok, () => false);
  // A line that is lost gives neither.
  if (!(await comes("")) || (await comes(String(digests[path])))) return;
  await learn?.();
  tellPartner("embed_script_changed");
}
