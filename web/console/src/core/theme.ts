// The look follows the system unless somebody says otherwise, on this machine.

import { Store } from "./store";

export type Theme = "system" | "light" | "dark";
export const THEMES: Theme[] = ["system", "light", "dark"];

const KEY = "proof-console-theme";

export const theme = new Store<Theme>("system");

export function themeStart(): void {
  try {
    const kept = localStorage.getItem(KEY);
    themeSet(THEMES.find((name) => name === kept) ?? "system");
  } catch {
    themeSet("system");
  }
}

export function themeSet(name: Theme): void {
  theme.set(name);
  if (name === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = name;
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // Without a place to keep it, it holds for this visit.
  }
}
