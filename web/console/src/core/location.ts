// The address is the state: pages, panels and filters are read from it and written to it.

import { Store } from "./store";

export const BASE = "/console";

export interface Place {
  /** Below the console: `/orders/ord_1`. */
  path: string;
  query: string;
  /** In place of the one before: whoever walks through a list is still in it. */
  isReplaced?: boolean;
}

export const place = new Store<Place>(read());

function read(): Place {
  // The pure parts are tested where there is no window.
  if (typeof location === "undefined") return { path: "/", query: "" };
  return placeOf(location.pathname, location.search);
}

export function placeOf(pathname: string, search: string): Place {
  const below = pathname.startsWith(`${BASE}/`) ? pathname.slice(BASE.length) : "/";
  const path = below.length > 1 ? below.replace(/\/+$/, "") : below;
  return { path: path === "" ? "/" : path, query: search.replace(/^\?/, "") };
}

export const url = (path: string, query = ""): string => `${BASE}${path}${query === "" ? "" : `?${query}`}`;

export function go(path: string, query = "", { replace = false } = {}): void {
  const address = url(path, query);
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  place.set({ ...read(), isReplaced: replace });
}

/** The parts of a path, decoded: `/partners/a%2Fb/keys` is `partners`, `a/b`, `keys`. */
export function partsOf(path: string): string[] {
  return path.split("/").filter(Boolean).map((text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  });
}

/** Plain clicks on our own links change the place; everything else is the browser's. */
export function followLinks(): void {
  addEventListener("popstate", () => place.set(read()));
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || link.target !== "" || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (!link.pathname.startsWith(`${BASE}/`) || (link.hash !== "" && link.pathname === location.pathname)) return;
    event.preventDefault();
    const next = placeOf(link.pathname, link.search);
    go(next.path, next.query);
  });
}
