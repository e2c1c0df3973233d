// The table that fills a page: rows that open, `j` and `k` to walk, columns that give way.

import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { useKeys } from "../core/keys";
import { go, placeOf } from "../core/location";

export interface Column<T> {
  title: string;
  cell: (row: T) => ComponentChildren;
  number?: boolean;
  /** Which columns go when there is little room: 1 beside a panel or on a tablet, 2 also on a phone. */
  gives?: 1 | 2;
}

interface TableProps<T> {
  label: string;
  rows: T[];
  columns: Column<T>[];
  keyOf: (row: T) => string;
  /** The row's address; the first cell's text is its link. */
  hrefOf?: (row: T) => string;
  selected?: string | undefined;
  dim?: boolean;
}

export function Table<T>({ label, rows, columns, keyOf, hrefOf, selected, dim = false }: TableProps<T>) {
  const body = useRef<HTMLTableSectionElement>(null);
  const walk = (by: 1 | -1) => {
    const links = [...(body.current?.querySelectorAll<HTMLAnchorElement>("a[data-row]") ?? [])];
    const at = links.findIndex((link) => link === document.activeElement || link.closest("tr")?.hasAttribute("aria-current") === true);
    const next = links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + by))];
    next?.focus();
    // With a panel open the next row's story takes its place.
    if (next && selected !== undefined) goTo(next, true);
  };
  useKeys(hrefOf ? { j: () => walk(1), k: () => walk(-1) } : {});
  return (
    <div class={`table-around${dim ? " dim" : ""}`} role="region" aria-label={label} tabIndex={0}>
      <table class="table">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" class={classOf(column)}>
                {column.title === "" ? <span class="aloud">What can be done</span> : column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((row) => (
            <tr key={keyOf(row)} aria-current={keyOf(row) === selected ? "true" : undefined} class={hrefOf ? "opens" : undefined} onClick={hrefOf && openRow}>
              {columns.map((column, index) => (
                <td key={column.title} class={classOf(column)}>
                  {index === 0 && hrefOf ? <a data-row href={hrefOf(row)}>{column.cell(row)}</a> : column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function classOf<T>({ number, gives }: Column<T>): string | undefined {
  return [number ? "number" : "", gives ? `gives-${gives}` : ""].filter(Boolean).join(" ") || undefined;
}

/** A click anywhere in a row opens it, unless it was meant for something in it or selects text. */
function openRow(event: MouseEvent & { currentTarget: HTMLTableRowElement }): void {
  if (event.target instanceof Element && event.target.closest("a, button, input, select")) return;
  if (getSelection()?.isCollapsed === false) return;
  const link = event.currentTarget.querySelector<HTMLAnchorElement>("a[data-row]");
  if (link) goTo(link, false);
}

function goTo(link: HTMLAnchorElement, replace: boolean): void {
  const { path, query } = placeOf(link.pathname, link.search);
  go(path, query, { replace });
}
