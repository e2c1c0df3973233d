// The day of somebody, asked for, to be read and printed, and as files that can be checked against their signatures.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { get, part } from "../core/api";
import { download } from "../core/csv";
import { useSend } from "../core/send";
import { inWorld } from "../core/world";
import { exact, isoDay } from "../format";
import { Button, SendProblem } from "../parts/basics";
import { Input } from "../parts/field";
import { Facts, Part } from "../parts/panel";
import { Copy } from "../parts/text";
import type { Statement, World } from "../wire";

const DAY_MS = 86_400_000;

interface StatementFormProps {
  title: string;
  lead: ComponentChildren;
  /** Whose it is, also as a heading where that is written otherwise, and how its files begin. */
  of: string;
  head?: string;
  file: string;
  /** Where a day is asked for, without the day. */
  path: string;
  world: World;
  body: (statement: Statement) => ComponentChildren;
}

export function StatementForm({ title, lead, of, head = of, file, path, world, body }: StatementFormProps) {
  // A day that is not over has no statement.
  const [day, setDay] = useState(() => isoDay(Date.now() - DAY_MS));
  const [statement, setStatement] = useState<Statement>();
  const { isBusy, problem, send } = useSend();
  const ask = (event: Event) => {
    event.preventDefault();
    setStatement(undefined);
    void send(() => get<Statement>(inWorld(`${path}/${part(day)}`, world)), setStatement);
  };
  const name = `${file.toLowerCase().replace(/[^a-z0-9]+/g, "-")}${world === "live" ? "-live" : ""}-${statement?.day ?? day}`;
  return (
    <Part title={title}>
      <p class="small muted no-print">{lead}</p>
      <form class="inline-form no-print" onSubmit={ask}>
        <Input id="day" label="Day" type="date" value={day} onInput={setDay} />
        <Button type="submit" kind="primary" isBusy={isBusy}>Make the statement</Button>
      </form>
      <SendProblem problem={problem} />
      {statement && (
        <div class="statement">
          <p class="aloud" role="status">The statement is made.</p>
          <div class="statement-head no-print">
            <h3>{head}, {statement.day}</h3>
            <Button icon="print" onClick={() => print()}>Print</Button>
          </div>
          <p class="print-only">Statement of {of}, {statement.day} (UTC), {world === "live" ? "live" : "sandbox"}; printed {exact(new Date().toISOString())}</p>
          {body(statement)}
          <h3 class="no-print">Files</h3>
          <div class="acts no-print">
            <Button icon="download" onClick={() => download(`${name}.csv`, "text/csv;charset=utf-8", statement.csv)}>CSV</Button>
            <Button icon="download" onClick={() => download(`${name}.json`, "application/json", statement.json)}>JSON</Button>
          </div>
          <Facts rows={[["Signature of the CSV", <Signature text={statement.csv_signature} />], ["Signature of the JSON", <Signature text={statement.json_signature} />]]} />
        </div>
      )}
    </Part>
  );
}

function Signature({ text }: { text: string }) {
  return (
    <span class="with-copy">
      <code class="value">{text}</code>
      <Copy text={text} what="the signature" quiet />
    </span>
  );
}
