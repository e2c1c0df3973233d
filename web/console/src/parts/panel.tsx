// One row's story beside its list. It has an address of its own; Escape leads back to the list.

import { createContext, type ComponentChildren } from "preact";
import { useContext, useEffect, useRef } from "preact/hooks";
import { useKeys } from "../core/keys";
import { go, place, url } from "../core/location";
import { Icon } from "./icons";

/** Parts of a page come right below its title, parts of a panel below the panel's. */
const PartHeading = createContext<"h2" | "h3">("h2");

interface PanelProps {
  title: string;
  /** Where the list is. */
  back: { path: string; query?: string };
  children: ComponentChildren;
  head?: ComponentChildren;
}

export function Panel({ title, back, children, head }: PanelProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // Whoever walks the rows by keyboard stays in the list.
    if (!place.value.isReplaced) heading.current?.focus({ preventScroll: true });
  }, [title]);
  const close = () => {
    const from = document.querySelector<HTMLElement>("tr[aria-current] a");
    go(back.path, back.query);
    from?.focus();
  };
  useKeys({ Escape: close });
  return (
    <aside class="panel" aria-labelledby="panel-title">
      <header class="panel-head">
        <div>
          <h2 id="panel-title" tabIndex={-1} ref={heading}>{title}</h2>
          {head}
        </div>
        <a class="icon-button" href={url(back.path, back.query)} aria-label="Close" title="Close (Esc)"><Icon name="stop" /></a>
      </header>
      <div class="panel-body"><PartHeading.Provider value="h3">{children}</PartHeading.Provider></div>
    </aside>
  );
}

/** A part of a page or a panel under its own heading. */
export function Part({ title, note, children }: { title: string; note?: ComponentChildren; children: ComponentChildren }) {
  const Heading = useContext(PartHeading);
  return (
    <section class="part">
      <Heading class="part-title">{title}{note !== undefined && <span class="part-note">{note}</span>}</Heading>
      {children}
    </section>
  );
}

export function Facts({ rows }: { rows: (readonly [string, ComponentChildren] | null)[] }) {
  return (
    <dl class="facts">
      {rows.map((row) => row && <div key={row[0]}><dt>{row[0]}</dt><dd>{row[1]}</dd></div>)}
    </dl>
  );
}

/** What is looked at last. */
export function Folded({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <details class="folded">
      <summary><Icon name="right" size={12} />{title}</summary>
      {children}
    </details>
  );
}
