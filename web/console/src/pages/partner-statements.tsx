// A partner's day, as a file that can be checked against its signature.

import { useState } from "preact/hooks";
import { get, part } from "../core/api";
import { download } from "../core/csv";
import { useSend } from "../core/send";
import { inWorld } from "../core/world";
import { isoDay } from "../format";
import { Button, SendProblem } from "../parts/basics";
import { Input } from "../parts/field";
import { Facts, Part } from "../parts/panel";
import { Copy } from "../parts/text";
import type { Partner, Statement } from "../wire";

const DAY_MS = 86_400_000;

export function PartnerStatements({ partner }: { partner: Partner }) {
  // A day that is not over has no statement.
  const [day, setDay] = useState(() => isoDay(Date.now() - DAY_MS));
  const [statement, setStatement] = useState<Statement>();
  const { isBusy, problem, send } = useSend();
  const ask = (event: Event) => {
    event.preventDefault();
    setStatement(undefined);
    void send(() => get<Statement>(inWorld(`partners/${part(partner.id)}/statements/${part(day)}`, partner.environment)), setStatement);
  };
  const world = partner.environment === "live" ? "-live" : "";
  const name = `${partner.name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}${world}-${statement?.day ?? day}`;
  return (
    <Part title="Statement of a day">
      <p class="small muted">All orders of the day that ended or moved money, with fees and what is owed. Days begin and end in UTC.</p>
      <form class="inline-form" onSubmit={ask}>
        <Input id="day" label="Day" type="date" value={day} onInput={setDay} />
        <Button type="submit" kind="primary" isBusy={isBusy}>Make the statement</Button>
      </form>
      <SendProblem problem={problem} />
      {statement && (
        <div class="card" role="status">
          <h3>{partner.name}, {statement.day}</h3>
          <div class="acts">
            <Button icon="download" onClick={() => download(`${name}.csv`, "text/csv;charset=utf-8", statement.csv)}>CSV</Button>
            <Button icon="download" onClick={() => download(`${name}.json`, "application/json", statement.json)}>JSON</Button>
          </div>
          <Facts
            rows={[
              [
                "Signature of the CSV",
                <span class="with-copy">
                  <code class="value">{statement.csv_signature}</code>
                  <Copy text={statement.csv_signature} what="the signature" quiet />
                </span>,
              ],
              [
                "Signature of the JSON",
                <span class="with-copy">
                  <code class="value">{statement.json_signature}</code>
                  <Copy text={statement.json_signature} what="the signature" quiet />
                </span>,
              ],
            ]}
          />
        </div>
      )}
    </Part>
  );
}
