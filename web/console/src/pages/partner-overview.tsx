// What is known of a partner: where its widget opens, where its coins go.

import { useState } from "preact/hooks";
import { part, post } from "../core/api";
import { useMay } from "../core/me";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { wordsOf } from "../format";
import { Button, Notice, SendProblem } from "../parts/basics";
import { Input } from "../parts/field";
import { Facts, Part } from "../parts/panel";
import { StageMark } from "../parts/state";
import { Copy } from "../parts/text";
import { KINDS } from "../words";
import type { Partner } from "../wire";
import type { PartProps } from "./partner";

const STAGES: Record<Partner["stage"], string> = {
  sandbox: "Nothing is real here: payments, chains and money are simulated. The checklist leads to live.",
  live_watched: "Live with one order at a time, a small limit, and an operator who watches.",
  live: "Real orders, within the policy.",
  suspended: "No new session is made; running orders finish.",
};

export function PartnerOverview({ partner, onChanged }: PartProps) {
  return (
    <div class="columns">
      <Part title="Partner">
        <Facts
          rows={[
            ["Stage", <><StageMark stage={partner.stage} /><p class="small muted">{STAGES[partner.stage]}</p></>],
            ["Type", <>{KINDS[partner.kind]?.title ?? wordsOf(partner.kind)}<p class="small muted">{KINDS[partner.kind]?.hint}</p></>],
            ["Contact", partner.contact_email],
            ["Partner id", <span class="with-copy"><code>{partner.id}</code><Copy text={partner.id} what="the partner id" quiet /></span>],
            ["Widget id", <span class="with-copy"><code>{partner.widget_id}</code><Copy text={partner.widget_id} what="the widget id" quiet /></span>],
          ]}
        />
      </Part>
      <Origins partner={partner} onChanged={onChanged} />
      <Part title="Wallets" note={`${partner.wallets.length}`}>
        {partner.wallets.length === 0 && (
          <p class="muted">{partner.kind === "user_wallet" ? "Each session brings its user’s own address." : "No wallet is recorded."}</p>
        )}
        <ul class="lines">
          {partner.wallets.map(({ pair, address }) => (
            <li key={pair}>
              <span>{pair}</span>
              <span class="with-copy">
                <code class="value" title={address}>
                  {address}
                </code>
                <Copy text={address} what={`the address of ${pair}`} quiet />
              </span>
            </li>
          ))}
        </ul>
      </Part>
    </div>
  );
}

export function Origins({ partner, onChanged }: PartProps) {
  const may = useMay("partner_write");
  const [origin, setOrigin] = useState("");
  const { isBusy, problem, send } = useSend();
  const add = (event: Event) => {
    event.preventDefault();
    void send(() => post(`partners/${part(partner.id)}/origins`, { origin: origin.trim() }), () => {
      say(`The widget may be opened from ${origin.trim()}.`);
      setOrigin("");
      onChanged();
    });
  };
  return (
    <Part title="Origins" note={`${partner.origins.length}`}>
      <p class="small muted">Where the widget may be opened from. Calls of browsers elsewhere are refused as <code>forbidden_origin</code>.</p>
      {partner.origins.length === 0 && <Notice tone="wait">None is registered: no browser can open the widget.</Notice>}
      <ul class="lines">{partner.origins.map((one) => <li key={one}><code>{one}</code></li>)}</ul>
      {may && (
        <form class="inline-form" onSubmit={add}>
          <Input id="origin" label="One more" type="url" value={origin} onInput={setOrigin} mono placeholder="https://shop.example" />
          <Button type="submit" isBusy={isBusy}>Add</Button>
        </form>
      )}
      <SendProblem problem={problem} />
    </Part>
  );
}
