// One line of the checklist: its state in a word, why it is so, what to do, and what proves it.

import { sandboxNow } from "../core/ahead";
import { useState } from "preact/hooks";
import { isUnlisted, matrixRows, mayList, maySign, strengthWords } from "../checklist";
import { part, post } from "../core/api";
import { url } from "../core/location";
import { useMe } from "../core/me";
import { say } from "../core/say";
import { ago, day, exact, plural, shortId } from "../format";
import { ActDialog } from "../parts/act-dialog";
import { Button } from "../parts/basics";
import { Icon } from "../parts/icons";
import { LINE_LOOKS, LineMark } from "../parts/state";
import { Copy, Exact, Words } from "../parts/text";
import type { Checklist, Line, Named } from "../wire";
import { AskedPairs } from "./checklist-pairs";

interface LineProps {
  line: Line;
  partner: Named;
  who: string;
  /** Where the integration log is. */
  log: string;
  put: (list: Checklist) => void;
}

export function ChecklistLine({ line, partner, who, log, put }: LineProps) {
  const look = LINE_LOOKS[line.state] ?? LINE_LOOKS.unseen;
  return (
    <li class={`check-line ${line.state}`} id={`line-${line.id}`} tabIndex={-1}>
      <span class={`check-icon ${look.tone}`}><Icon name={look.icon} size={14} /></span>
      <span class="check-id">{line.id}</span>
      <div class="check-text">
        <p class="check-title">{line.text}</p>
        <p class="check-why"><Words text={line.why} /></p>
        {line.next && <p class="check-next"><Icon name="right" size={12} /> <Words text={line.next} /></p>}
        {line.signed && (
          <p class="check-signed">
            <Icon name="pen" size={12} /> Signed by <strong>{line.signed.by}</strong>,{" "}
            <time dateTime={line.signed.at} title={exact(line.signed.at)}>
              {day(line.signed.at)}
            </time>
            {line.signed.note && <>: “{line.signed.note}”</>}
          </p>
        )}
        {line.id === "COV-1" ? <AskedPairs line={line} partner={partner} put={put} /> : line.matrix && line.matrix.length > 0 && <Matrix matrix={line.matrix} />}
        {line.evidence.length > 0 && <Evidence evidence={line.evidence} log={log} />}
      </div>
      <div class="check-side">
        <LineMark state={line.state} />
        <span class="check-who">{who}</span>
        <Sign line={line} partner={partner} put={put} />
      </div>
    </li>
  );
}

function Evidence({ evidence, log }: { evidence: Line["evidence"]; log: string }) {
  const latest = evidence.map((one) => one.at).sort().at(-1) ?? "";
  return (
    <details class="evidence">
      <summary>
        <Icon name="right" size={12} />
        {plural(evidence.length, "piece")} of evidence<span class="muted">, the latest {ago(latest, sandboxNow())}</span>
      </summary>
      <ul>
        {evidence.map((one, index) => {
          const { word, says } = strengthWords(one.strength);
          return (
            <li key={index}>
              <span class={`strength ${one.strength}`} title={says}>{word}</span>
              <div>
                <p>{one.text}</p>
                <p class="small muted evidence-links">
                  <Exact at={one.at} />
                  {one.order && <a href={url(`/orders/${encodeURIComponent(one.order)}`)}>Order {shortId(one.order)}</a>}
                  {one.request_id && (
                    <span class="with-copy">
                      {one.logged ? (
                        <a href={url(log, new URLSearchParams({ query: one.request_id, seen: "all" }).toString())}>request <code>{one.request_id}</code></a>
                      ) : (
                        <span>request <code>{one.request_id}</code></span>
                      )}
                      <Copy text={one.request_id} what="the request id" quiet />
                    </span>
                  )}
                </p>
              </div>
            </li>
          );
        })}
      </ul>
    </details>
  );
}

type Cell = NonNullable<Line["matrix"]>[number];

function Matrix({ matrix }: { matrix: Cell[] }) {
  const seen = matrix.filter((cell) => cell.at !== null).length;
  return (
    <details class="evidence">
      <summary>
        <Icon name="right" size={12} />
        Pairs and sides<span class="muted">, {seen} of {matrix.length} had a session</span>
      </summary>
      <table class="matrix">
        <thead><tr><th scope="col">Pair</th><th scope="col">Buy</th><th scope="col">Sell</th></tr></thead>
        <tbody>
          {matrixRows(matrix).map(({ pair, buy, sell }) => (
            <tr key={pair}>
              <th scope="row">{pair}</th>
              <MatrixCell cell={buy} />
              <MatrixCell cell={sell} />
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function MatrixCell({ cell }: { cell: Cell | undefined }) {
  if (!cell) return <td class="muted">Not enabled</td>;
  return (
    <td>
      <LineMark state={cell.state} />
      {cell.asked && <span class="small muted"> · asked for</span>}
      {cell.at && (
        <time class="small muted" dateTime={cell.at} title={exact(cell.at)}>
          {" "}
          {ago(cell.at, sandboxNow())}
        </time>
      )}
    </td>
  );
}

const WHOSE = { operator: "an operator", partner: "somebody of the partner" };

function Sign({ line, partner, put }: Omit<LineProps, "who" | "log">) {
  const me = useMe();
  const [open, setOpen] = useState<"sign" | "unsign">();
  // The word is about what was read when it was asked for, whatever comes to be meanwhile.
  const [read, setRead] = useState(line);
  if (line.signs === null || line.state === "not_applicable") return null;
  if (isUnlisted(line)) return mayList(me, line) ? null : <span class="check-who">Waits for {WHOSE.partner}</span>;
  if (!maySign(me, line)) return line.signed ? null : <span class="check-who">Waits for {WHOSE[line.signs]}</span>;
  const done = (list: Checklist) => {
    setOpen(undefined);
    put(list);
    say(open === "sign" ? `${line.id} is signed.` : `${line.id} is not signed any more.`);
  };
  const call = (note: string) => post<Checklist>(`partners/${part(partner.id)}/checklist/${part(line.id)}/${open ?? "sign"}`, { note, basis: read.basis });
  const ask = (what: "sign" | "unsign") => {
    setRead(line);
    setOpen(what);
  };
  return (
    <div class="no-print">
      {line.signed ? (
        <Button kind="quiet" small onClick={() => ask("unsign")}>
          Take back
        </Button>
      ) : (
        <Button small icon="pen" onClick={() => ask("sign")}>
          Sign
        </Button>
      )}
      {open && (
        <ActDialog<Checklist>
          asked={{
            title: open === "sign" ? `Sign ${line.id}` : `Take back the signature of ${line.id}`,
            verb: open === "sign" ? "Sign it under my name" : "Take it back",
            facts: [["Line", read.text], ["It says", read.why], ["Partner", partner.name], ["As", me.member.name]],
            needsReason: false,
            text: { label: "Note", hint: open === "sign" ? "What you looked at. It stands in the report." : "Why it does not hold any more.", area: true },
            isDanger: open === "unsign",
          }}
          onClose={() => setOpen(undefined)}
          act={({ text }) => call(text)}
          onDone={done}
        />
      )}
    </div>
  );
}
