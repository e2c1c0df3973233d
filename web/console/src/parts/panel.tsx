// One row's story beside its list. It has an address of its own; Escape leads back to the list.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useKeys } from "../core/keys";
import { go, url } from "../core/location";
import { Icon } from "./icons";

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
    if (!document.activeElement?.closest("tbody")) heading.current?.focus({ preventScroll: true });
  }, [title]);
  const close = () => {
    const from = document.querySelector<HTMLElement>("tr[aria-selected] a");
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
      <div class="panel-body">{children}</div>
    </aside>
  );
}

/** A part of a panel under its own heading. */
export function Part({ title, note, children }: { title: string; note?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="part">
      <h3>{title}{note !== undefined && <span class="part-note">{note}</span>}</h3>
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
