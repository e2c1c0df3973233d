// The keyboard: single keys, where nobody is typing and no dialog is open.

import { useEffect, useRef } from "preact/hooks";
import { isBusyTyping } from "./load";

type Keys = Record<string, (event: KeyboardEvent) => void>;

/** What is on the page, the innermost last: it is asked first. */
const layers: { current: Keys }[] = [];

export function useKeys(keys: Keys): void {
  const layer = useRef(keys);
  layer.current = keys;
  useEffect(() => {
    layers.push(layer);
    return () => void layers.splice(layers.indexOf(layer), 1);
  }, []);
}

export function followKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isBusyTyping()) return;
    const act = layers.findLast((layer) => layer.current[event.key] !== undefined)?.current[event.key];
    if (!act) return;
    event.preventDefault();
    act(event);
  });
}
