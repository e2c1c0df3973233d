// What is known of a partner: where its widget opens, where its coins go.

import type { ComponentChildren } from "preact";
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
import { later } from "../parts/later";
import { StageMark } from "../parts/state";
import { Copy } from "../parts/text";
import { Wishes, sayChanged } from "../parts/wish";
import { worldWords } from "../parts/world";
import { KINDS } from "../words";
import type { Change, ChangeSaid, Partner } from "../wire";
import type { PartProps } from "./partner";
import { Wallets } from "./partner-wallets";

const STAGES: Record<Partner["stage"], string> = {
  sandbox: "Nothing is real here: payments, chains and money are simulated. The checklist leads to live.",
  live_watched: "Live with one order at a time, a small limit, and an operator who watches.",
  live: "Real orders, within the policy.",
  suspended: "No new session is made; running orders finish.",
};

const PartnerAbout = later(() => import("./partner-about").then((part) => part.PartnerAbout));

export function PartnerOverview({ partner, onChanged }: PartProps) {
  return (
    <div class="columns">
      <Who partner={partner} onChanged={onChanged} />
      <Origins partner={partner} onChanged={onChanged} />
      <Returns partner={partner} onChanged={onChanged} />
      <Wallets partner={partner} onChanged={onChanged} />
    </div>
  );
}

function Who({ partner, onChanged }: PartProps) {
  const me = useMe();
  const may = useMay("contact_write");
  const [isEditing, setEditing] = useState(false);
  return (
    <Part title="Partner">
      {isEditing && <PartnerAbout partner={partner} onChanged={onChanged} onClose={() => setEditing(false)} />}
      {!isEditing && (
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
      )}
      {may && !isEditing && <div class="acts"><Button onClick={() => setEditing(true)}>{isPortal(me) ? "Change the contact" : "Change name, type or contact"}</Button></div>}
    </Part>
  );
}

/** What is registered one by one. */
interface Kind {
  title: string;
  /** In the address of the call, and the field in its body. */
  path: "origins" | "returns";
  field: "origin" | "link";
  what: [Change["what"], Change["what"]];
  text: ComponentChildren;
  none: string;
  placeholder: string;
  https: string;
  added: (one: string) => string;
  effect: string;
}

const ORIGINS: Kind = {
  title: "Origins",
  path: "origins",
  field: "origin",
  what: ["origin_add", "origin_remove"],
  text: <>Where the widget may be opened from. Calls of browsers elsewhere are refused as <code>forbidden_origin</code>.</>,
  none: "None is registered: no browser can open the widget.",
  placeholder: "https://shop.example",
  https: "https only. ",
  added: (one) => `The widget may be opened from ${one}.`,
  effect:
    "From then on the widget does not open there: who begins is refused as forbidden_origin, and who is in the middle cannot open it again after a reload. Orders with money in them end as they would; their users need another page to look at them.",
};

const RETURNS: Kind = {
  title: "Return links",
  path: "returns",
  field: "link",
  what: ["return_add", "return_remove"],
  text: <>For apps: how the <code>redirect_url</code> of a session on the hosted page may begin.</>,
  none: "None is registered: the hosted page is switched off.",
  placeholder: "shopapp://return",
  https: "An app’s scheme, or https. ",
  added: (one) => `The hosted page may lead to ${one}.`,
  effect: "From then on the hosted page opens no session that leads there. Without any link it opens none at all.",
};

export const Origins = (props: PartProps) => <Registered {...props} kind={ORIGINS} known={props.partner.origins} />;
export const Returns = (props: PartProps) => <Registered {...props} kind={RETURNS} known={props.partner.returns} />;

function Registered({ partner, onChanged, kind, known }: PartProps & { kind: Kind; known: string[] }) {
  const may = useMay("partner_write");
  const [fresh, setFresh] = useState("");
  const [leaving, setLeaving] = useState<string>();
  const { isBusy, problem, send } = useSend();
  const isLive = partner.environment === "live";
  const path = (rest = "") => inWorld(`partners/${part(partner.id)}/${kind.path}${rest}`, partner.environment);
  const add = (event: Event) => {
    event.preventDefault();
    void send(() => post<ChangeSaid>(path(), { [kind.field]: fresh.trim() }), (answer) => {
      sayChanged(answer, kind.added(fresh.trim()));
      setFresh("");
      onChanged();
    });
  };
  return (
    <Part title={kind.title} note={`${known.length}`}>
      <Wishes partner={partner} of={kind.what} onChanged={onChanged} />
      <p class="small muted">{kind.text}</p>
      {known.length === 0 && <Notice tone="wait">{kind.none}</Notice>}
      <ul class="lines">
        {known.map((one) => (
          <li key={one}>
            <code>{one}</code>
            {may && <Button small kind="quiet" onClick={() => setLeaving(one)} label={`Remove ${one}`}>Remove</Button>}
          </li>
        ))}
      </ul>
      {may && (
        <form class="inline-form" onSubmit={add}>
          <Input
            id={kind.field}
            label={isLive && kind === ORIGINS ? "One more live page" : kind === ORIGINS ? "One more" : "One more link"}
            hint={isLive ? `${kind.https}A second person has to say the same.` : undefined}
            type="url"
            value={fresh}
            onInput={setFresh}
            mono
            placeholder={kind.placeholder}
          />
          <Button type="submit" isBusy={isBusy}>{isLive ? "Propose" : "Add"}{kind === RETURNS && " link"}</Button>
        </form>
      )}
      <SendProblem problem={problem} />
      {leaving !== undefined && (
        <RemoveDialog partner={partner} kind={kind} one={leaving} path={path("/remove")} onClose={() => setLeaving(undefined)} onChanged={onChanged} />
      )}
    </Part>
  );
}

interface RemoveDialogProps extends PartProps {
  kind: Kind;
  one: string;
  path: string;
  onClose: () => void;
}

function RemoveDialog({ partner, kind, one, path, onClose, onChanged }: RemoveDialogProps) {
  const isLive = partner.environment === "live";
  return (
    <ActDialog<ChangeSaid>
      asked={{
        title: kind === ORIGINS ? "Remove this origin?" : "Remove this link?",
        verb: isLive ? "Propose to remove it" : "Remove it",
        facts: [["Partner", partner.name], ["World", worldWords(partner.environment)], [kind === ORIGINS ? "Origin" : "Link", <code>{one}</code>]],
        effect: kind.effect,
        confirm: isLive ? "A second person has to say the same; one of the two is an operator or an owner." : null,
        needsReason: false,
        isDanger: true,
      }}
      onClose={onClose}
      act={() => post(path, { [kind.field]: one })}
      onDone={(answer) => {
        onClose();
        sayChanged(answer, `${one} is removed.`);
        onChanged();
      }}
    />
  );
}
