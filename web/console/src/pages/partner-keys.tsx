// The tokens with which a partner's server calls: when each was used, and whether one leaked.

import { useState } from "preact/hooks";
import { part, post } from "../core/api";
import { useMay } from "../core/me";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { ActDialog } from "../parts/act-dialog";
import { Button, Empty, Notice, SendProblem } from "../parts/basics";
import { Dialog } from "../parts/dialog";
import { Select } from "../parts/field";
import { Part } from "../parts/panel";
import { Mark } from "../parts/state";
import { Table, type Column } from "../parts/table";
import { Ago } from "../parts/text";
import { ShownOnce, TakesTwo, Wishes, sayChanged } from "../parts/wish";
import { worldWords } from "../parts/world";
import type { ChangeSaid, Partner, Token, World } from "../wire";
import type { PartProps } from "./partner";

const COLUMNS: Column<Token>[] = [
  { title: "Key", cell: (token) => <><code>{token.key_id}</code><span class={`tag ${token.environment}`}>{token.environment}</span></> },
  { title: "State", cell: (token) => <TokenMark token={token} /> },
  { title: "Last used", number: true, cell: (token) => (token.last_used_at ? <Ago at={token.last_used_at} /> : <span class="muted">never</span>) },
  { title: "Made", number: true, gives: 2, cell: (token) => <Ago at={token.created_at} /> },
  { title: "Ends", number: true, gives: 2, cell: (token) => (token.expires_at ? <Ago at={token.expires_at} /> : <span class="muted">when revoked</span>) },
];

function TokenMark({ token }: { token: Token }) {
  if (token.exposed_at) return <Mark tone="stop" icon="warn" word="Leaked" />;
  if (token.expires_at && Date.parse(token.expires_at) <= Date.now()) return <Mark tone="info" icon="dash" word="Ended" />;
  if (token.expires_at) return <Mark tone="wait" icon="wait" word="Runs out" />;
  return <Mark tone="ok" icon="check" word="Good" />;
}

/** Said only where there are two. */
const ofWorld = (world: World, worlds: World[]): string => (worlds.length === 1 ? "" : world === "live" ? " live" : " sandbox");

type Asking = { kind: "more"; world: World } | { kind: "rotate"; world: World } | { kind: "revoke"; token: Token };

export function PartnerKeys({ partner, onChanged }: PartProps) {
  const mayWrite = useMay("token_write");
  const [asking, setAsking] = useState<Asking>();
  const [made, setMade] = useState<ChangeSaid>();
  const close = () => setAsking(undefined);
  const gave = (answer: ChangeSaid) => {
    close();
    if (answer.client_token) setMade(answer);
    else sayChanged(answer, "The token is made.");
    onChanged();
  };
  const worlds: World[] = partner.stage === "sandbox" ? ["test"] : ["live", "test"];
  const leaked = partner.tokens.filter((token) => token.exposed_at);
  const revoke: Column<Token> = {
    title: "",
    number: true,
    cell: (token) => <Button small kind="quiet" onClick={() => setAsking({ kind: "revoke", token })} label={`Revoke ${token.key_id}`}>Revoke</Button>,
  };
  return (
    <Part title="Tokens">
      <Wishes partner={partner} of={["token"]} onChanged={onChanged} />
      {leaked.map((token) => (
        <Notice key={token.key_id} tone="stop" title={`${token.key_id} was seen in a browser`}>
          <Ago at={token.exposed_at ?? ""} />: everybody who opens that page can read it. Rotate it now, and call from the server only.
        </Notice>
      ))}
      {partner.tokens.length === 0 && (
        <Empty icon="key" title="No token">
          Without one the partner’s server cannot make sessions.
        </Empty>
      )}
      {partner.tokens.length > 0 && (
        <Table label="Tokens" rows={partner.tokens} columns={mayWrite ? [...COLUMNS, revoke] : COLUMNS} keyOf={(token) => token.key_id} />
      )}
      {mayWrite && (
        <div class="acts">
          {worlds.map((world) => (
            <>
              <Button onClick={() => setAsking({ kind: "rotate", world })}>Rotate{ofWorld(world, worlds)}…</Button>
              <Button onClick={() => setAsking({ kind: "more", world })}>One more{ofWorld(world, worlds)}…</Button>
            </>
          ))}
        </div>
      )}
      {asking && <AskingDialog asking={asking} partner={partner} onClose={close} onMade={gave} onChanged={onChanged} />}
      {made && <ShownOnce said={made} onClose={() => setMade(undefined)} />}
    </Part>
  );
}

interface AskingDialogProps {
  asking: Asking;
  partner: Partner;
  onClose: () => void;
  onMade: (made: ChangeSaid) => void;
  onChanged: () => void;
}

function AskingDialog({ asking, partner, onClose, onMade, onChanged }: AskingDialogProps) {
  const path = `partners/${part(partner.id)}/tokens`;
  switch (asking.kind) {
    case "rotate":
      return <RotateDialog partner={partner} world={asking.world} onClose={onClose} onMade={onMade} />;
    case "more":
      return (
        <ActDialog<ChangeSaid>
          asked={{
            title: "One more token?",
            verb: asking.world === "live" ? "Propose it" : "Make it",
            facts: [["Partner", partner.name], ["World", worldWords(asking.world)]],
            confirm: asking.world === "live" ? LIVE_TWO : null,
            effect: "The others stay good. Each server or team can have its own, so that one can be revoked alone.",
            needsReason: false,
          }}
          onClose={onClose}
          act={() => post(path, { environment: asking.world })}
          onDone={onMade}
        />
      );
    case "revoke": {
      const { key_id, last_used_at } = asking.token;
      const revoked = () => {
        onClose();
        say(`${key_id} is revoked.`);
        onChanged();
      };
      return (
        <ActDialog
          asked={{
            title: `Revoke ${key_id}?`,
            verb: "Revoke it now",
            facts: [["Partner", partner.name], ["Key", <code>{key_id}</code>], ["Last used", last_used_at ? <Ago at={last_used_at} /> : "never"]],
            effect: "Every call with it is refused from this moment on. This cannot be taken back. One person is enough: it only makes things safer.",
            needsReason: false,
            isDanger: true,
          }}
          onClose={onClose}
          act={() => post(`${path}/${part(key_id)}/revoke`)}
          onDone={revoked}
        />
      );
    }
  }
}

const LIVE_TWO = "A second person has to say the same and is shown the token; one of the two is an operator or an owner.";

const GRACES = [
  { value: "0", label: "At once: the old token leaked" },
  { value: "3600", label: "In an hour" },
  { value: "86400", label: "In a day" },
  { value: "604800", label: "In a week" },
];

function RotateDialog({ partner, world, onClose, onMade }: Omit<AskingDialogProps, "asking" | "onChanged"> & { world: World }) {
  const [grace, setGrace] = useState("86400");
  const { isBusy, problem, send } = useSend();
  const rotate = (event: Event) => {
    event.preventDefault();
    void send(() => post<ChangeSaid>(`partners/${part(partner.id)}/tokens/rotate`, { environment: world, grace_seconds: Number(grace) }), onMade);
  };
  return (
    <Dialog title={`Rotate the ${world === "live" ? "live" : "sandbox"} tokens of ${partner.name}?`} onClose={onClose} isBusy={isBusy}>
      <form class="form" onSubmit={rotate}>
        <SendProblem problem={problem} />
        {world === "live" && <TakesTwo>{LIVE_TWO}</TakesTwo>}
        <p>A new token is made. The old ones stay good until the partner’s servers had time to change.</p>
        <Select id="grace" label="The old tokens end" value={grace} onInput={setGrace} choices={GRACES} />
        <div class="form-actions">
          <Button type="submit" kind={grace === "0" ? "danger" : "primary"} isBusy={isBusy}>
            {world === "live" ? "Propose to rotate" : "Rotate"}
          </Button>
          <Button onClick={onClose} disabled={isBusy}>
            Leave it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
