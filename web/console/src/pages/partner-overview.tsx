// What is known of a partner: where its widget opens, where its coins go.

import { useState } from "preact/hooks";
import { part, post } from "../core/api";
import { url } from "../core/location";
import { useMay, useMe } from "../core/me";
import { useSend } from "../core/send";
import { isPortal } from "../core/session";
import { wordsOf } from "../format";
import { inWorld } from "../core/world";
import { ActDialog } from "../parts/act-dialog";
import { Button, Notice, SendProblem } from "../parts/basics";
import { Input } from "../parts/field";
import { Facts, Part } from "../parts/panel";
import { StageMark } from "../parts/state";
import { Copy } from "../parts/text";
import { Wishes, sayChanged } from "../parts/wish";
import { worldWords } from "../parts/world";
import { KINDS } from "../words";
import type { ChangeSaid, Partner } from "../wire";
import type { PartProps } from "./partner";
import { Wallets } from "./partner-wallets";

const STAGES: Record<Partner["stage"], string> = {
  sandbox: "Nothing is real here: payments, chains and money are simulated. The checklist leads to live.",
  live_watched: "Live with one order at a time, a small limit, and an operator who watches.",
  live: "Real orders, within the policy.",
  suspended: "No new session is made; running orders finish.",
};

export function PartnerOverview({ partner, onChanged }: PartProps) {
  const me = useMe();
  return (
    <div class="columns">
      <Part title="Partner">
        <Facts
          rows={[
            ["Stage", <><StageMark stage={partner.stage} /><p class="small muted">{STAGES[partner.stage]}</p></>],
            ["Type", <>{KINDS[partner.kind]?.title ?? wordsOf(partner.kind)}<p class="small muted">{KINDS[partner.kind]?.hint}</p></>],
            ["Contact", partner.contact_email],
            ["Partner id", <span class="with-copy"><code>{partner.id}</code><Copy text={partner.id} what="the partner id" quiet /></span>],
            isPortal(me) ? ["Widget look", <a href={url("/look")}>Accent, corners, typeface and logo</a>] : null,
            ["Widget id", <span class="with-copy"><code>{partner.widget_id}</code><Copy text={partner.widget_id} what="the widget id" quiet /></span>],
          ]}
        />
      </Part>
      <Origins partner={partner} onChanged={onChanged} />
      <Wallets partner={partner} onChanged={onChanged} />
    </div>
  );
}

export function Origins({ partner, onChanged }: PartProps) {
  const may = useMay("partner_write");
  const [origin, setOrigin] = useState("");
  const [leaving, setLeaving] = useState<string>();
  const { isBusy, problem, send } = useSend();
  const isLive = partner.environment === "live";
  const path = (rest = "") => inWorld(`partners/${part(partner.id)}/origins${rest}`, partner.environment);
  const add = (event: Event) => {
    event.preventDefault();
    void send(() => post<ChangeSaid>(path(), { origin: origin.trim() }), (answer) => {
      sayChanged(answer, `The widget may be opened from ${origin.trim()}.`);
      setOrigin("");
      onChanged();
    });
  };
  return (
    <Part title="Origins" note={`${partner.origins.length}`}>
      <Wishes partner={partner} of={["origin_add", "origin_remove"]} onChanged={onChanged} />
      <p class="small muted">Where the widget may be opened from. Calls of browsers elsewhere are refused as <code>forbidden_origin</code>.</p>
      {partner.origins.length === 0 && <Notice tone="wait">None is registered: no browser can open the widget.</Notice>}
      <ul class="lines">
        {partner.origins.map((one) => (
          <li key={one}>
            <code>{one}</code>
            {may && <Button small kind="quiet" onClick={() => setLeaving(one)} label={`Remove ${one}`}>Remove</Button>}
          </li>
        ))}
      </ul>
      {may && (
        <form class="inline-form" onSubmit={add}>
          <Input
            id="origin"
            label={isLive ? "One more live page" : "One more"}
            hint={isLive ? "https only. A second person has to say the same." : undefined}
            type="url"
            value={origin}
            onInput={setOrigin}
            mono
            placeholder="https://shop.example"
          />
          <Button type="submit" isBusy={isBusy}>{isLive ? "Propose" : "Add"}</Button>
        </form>
      )}
      <SendProblem problem={problem} />
      {leaving !== undefined && (
        <RemoveDialog partner={partner} origin={leaving} path={path("/remove")} onClose={() => setLeaving(undefined)} onChanged={onChanged} />
      )}
    </Part>
  );
}

interface RemoveDialogProps extends PartProps {
  origin: string;
  path: string;
  onClose: () => void;
}

function RemoveDialog({ partner, origin, path, onClose, onChanged }: RemoveDialogProps) {
  const isLive = partner.environment === "live";
  return (
    <ActDialog<ChangeSaid>
      asked={{
        title: "Remove this origin?",
        verb: isLive ? "Propose to remove it" : "Remove it",
        facts: [["Partner", partner.name], ["World", worldWords(partner.environment)], ["Origin", <code>{origin}</code>]],
        effect:
          "From then on the widget does not open there: who begins is refused as forbidden_origin, and who is in the middle cannot open it again after a reload. Orders with money in them end as they would; their users need another page to look at them.",
        confirm: isLive ? "A second person has to say the same; one of the two is an operator or an owner." : null,
        needsReason: false,
        isDanger: true,
      }}
      onClose={onClose}
      act={() => post(path, { origin })}
      onDone={(answer) => {
        onClose();
        sayChanged(answer, `${origin} is removed.`);
        onChanged();
      }}
    />
  );
}
