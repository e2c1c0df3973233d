// Filters under a name, kept in this browser.

import { Store } from "./store";

export interface SavedView {
  name: string;
  query: string;
}

const KEY = "proof-console-views";
const NAME_LENGTH_MAX = 40;
const VIEWS_MAX = 20;

export const savedViews = new Store<SavedView[]>(readViews(kept()));

function kept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** What was kept may be of another version, or of somebody who edits by hand. */
export function readViews(text: string | null): SavedView[] {
  try {
    const list: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(list) ? list.filter(isView).map(({ name, query }) => ({ name, query })).slice(0, VIEWS_MAX) : [];
  } catch {
    return [];
  }
}

function isView(value: unknown): value is SavedView {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    "query" in value &&
    typeof value.name === "string" &&
    typeof value.query === "string"
  );
}

/** A name that is taken is given to the new filters. */
export function withView(views: SavedView[], view: SavedView): SavedView[] {
  const name = view.name.trim().slice(0, NAME_LENGTH_MAX);
  if (name === "") return views;
  return [...views.filter((other) => other.name !== name), { name, query: view.query }].slice(-VIEWS_MAX);
}

export function keepViews(views: SavedView[]): void {
  savedViews.set(views);
  try {
    localStorage.setItem(KEY, JSON.stringify(views));
  } catch {
    // They hold for this visit.
  }
}
