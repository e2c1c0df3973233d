// What a list holds, whole, as a file that a spreadsheet opens.

import type { ComponentChildren } from "preact";
import { csvOf, download, type CsvColumn } from "../core/csv";
import { readAll } from "../core/pages";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { plural } from "../format";
import { Button, Problem } from "./basics";

const EXPORT_MAX = 10_000;

interface Exported<T> {
  /** Of the file, without its ending. */
  name: string;
  /** What is read, page by page, and how it is filtered. */
  path: string;
  query: string;
  columns: CsvColumn<T>[];
  /** One row in words; with an ending if "s" makes no two of it. */
  one: string;
  many?: string;
  /** How to get at the others, where the file is cut. */
  older: string;
  /** Which ones are in it then: those that the list begins with. */
  kept?: "newest" | "first";
}

export function useExport<T>({ name, path, query, columns, one, many, older, kept = "newest" }: Exported<T>): { button: ComponentChildren; problem: ComponentChildren } {
  const { isBusy, problem, send } = useSend();
  const save = () =>
    void send(() => readAll<T>(path, query, EXPORT_MAX), ({ rows, isCut }) => {
      download(`${name}.csv`, "text/csv;charset=utf-8", csvOf(rows, columns));
      if (isCut) say(`The ${kept} ${plural(rows.length, one, many)} are in the file; ${older}`, "wait");
    });
  return {
    button: <Button icon="download" isBusy={isBusy} onClick={save}>Export</Button>,
    problem: problem !== undefined && <Problem problem={problem} onRetry={save} />,
  };
}
