// The keyboard: single keys, where nobody is typing and no dialog is open.

import { useLayoutEffect, useRef } from "preact/hooks";

type Keys = Record<string, (event: KeyboardEvent) => void>;

/** What is on the page, the innermost last: it is asked first. */
const layers: { current: Keys }[] = [];

export function useKeys(keys: Keys): void {
  const layer = useRef(keys);
  layer.current = keys;
  // Whoever sees the page may press its keys: they are heard before it is painted.
  useLayoutEffect(() => {
    layers.push(layer);
    return () => void layers.splice(layers.indexOf(layer), 1);
  }, []);
}

const TYPED_INTO = "input:not([type='checkbox'], [type='radio']), textarea, select, [contenteditable]";

const isTaken = (): boolean => document.activeElement?.matches(TYPED_INTO) === true || document.querySelector("dialog[open]") !== null;

export function followKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTaken()) return;
    const act = layers.findLast((layer) => layer.current[event.key] !== undefined)?.current[event.key];
    if (!act) return;
    event.preventDefault();
    act(event);
  });
}
