// How somebody signs in: their passkeys, and their password with its app.

import { useState } from "preact/hooks";
import { fieldOf, part, post } from "../core/api";
import { useLoad } from "../core/load";
import { useMe } from "../core/me";
import { deviceName, passkeyMake, passkeysWork } from "../core/passkey";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { ActDialog } from "../parts/act-dialog";
import { Button, Empty, Loading, Page, Problem, SendProblem } from "../parts/basics";
import { Dialog } from "../parts/dialog";
import { ErrorSummary, Input } from "../parts/field";
import { Part } from "../parts/panel";
import { PasswordAndApp } from "../parts/password";
import { Mark } from "../parts/state";
import { Table, type Column } from "../parts/table";
import { Ago } from "../parts/text";
import type { AppSecret, MakeCeremony, Passkey, Ways } from "../wire";

const COLUMNS: Column<Passkey>[] = [
  { title: "Passkey", cell: (key) => <strong class="row-name">{key.name}</strong> },
  { title: "Made", gives: 2, number: true, cell: (key) => <Ago at={key.created_at} /> },
  { title: "Last used", number: true, cell: (key) => (key.used_at ? <Ago at={key.used_at} /> : <span class="muted">never</span>) },
];

type Asking = { kind: "add" } | { kind: "remove"; key: Passkey } | { kind: "password" } | { kind: "no-password" };

export function YouPage() {
  const { data: ways, problem, reload } = useLoad<Ways>("me/ways");
  const [asking, setAsking] = useState<Asking>();
  const done = (text: string) => () => {
    setAsking(undefined);
    say(text);
    void reload();
  };
  const close = () => setAsking(undefined);
  return (
    <Page title="Your sign-in" lead="What you show when you come in, and before money moves. Keep two ways, in case you lose one.">
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      {!ways && problem === undefined && <Loading />}
      {ways && <Passkeys ways={ways} onAsk={setAsking} />}
      {ways && <Password ways={ways} onAsk={setAsking} />}
      {asking?.kind === "add" && <AddDialog onClose={close} onDone={done("The passkey is added.")} />}
      {asking?.kind === "remove" && (
        <ActDialog
          asked={{
            title: `Remove ${asking.key.name}?`,
            verb: "Remove",
            facts: [["Passkey", asking.key.name]],
            effect: "Nobody signs in with it any more, and your other sessions end. The device may go on offering it: delete it there, too.",
            needsReason: false,
            isDanger: true,
          }}
          onClose={close}
          act={() => post(`me/passkeys/${part(asking.key.id)}/remove`)}
          onDone={done(`${asking.key.name} is removed.`)}
        />
      )}
      {asking?.kind === "password" && <PasswordDialog onClose={close} onDone={done("Password and app are set.")} />}
      {asking?.kind === "no-password" && (
        <ActDialog
          asked={{
            title: "Remove your password?",
            verb: "Remove",
            facts: [],
            effect: "You sign in with passkeys only from now on, and your other sessions end.",
            needsReason: false,
            isDanger: true,
          }}
          onClose={close}
          act={() => post("me/password/remove")}
          onDone={done("The password is removed.")}
        />
      )}
    </Page>
  );
}

interface SectionProps {
  ways: Ways;
  onAsk: (asking: Asking) => void;
}

function Passkeys({ ways, onAsk }: SectionProps) {
  const canAdd = passkeysWork() && ways.passkeys.length < ways.passkeys_max;
  const isLast = ways.passkeys.length === 1 && !ways.password;
  const remove: Column<Passkey> = {
    title: "",
    number: true,
    cell: (key) =>
      !isLast && (
        <Button small kind="quiet" onClick={() => onAsk({ kind: "remove", key })} label={`Remove ${key.name}`}>
          Remove
        </Button>
      ),
  };
  return (
    <Part title="Passkeys">
      {ways.passkeys.length > 0 && <Table label="Passkeys" rows={ways.passkeys} columns={[...COLUMNS, remove]} keyOf={(key) => key.id} />}
      {ways.passkeys.length === 0 && (
        <Empty icon="key" title="No passkey yet">
          Sign in with what unlocks your device, or with a security key: nothing to type, and nothing that a false page could ask from you.
        </Empty>
      )}
      {isLast && <p class="muted">It is your only way in. Add another passkey, or a password, before you remove it.</p>}
      {canAdd && <div class="acts"><Button kind="primary" icon="plus" onClick={() => onAsk({ kind: "add" })}>Add a passkey</Button></div>}
      {!passkeysWork() && <p class="muted">This page cannot make passkeys: it takes a browser that has them, and the console at its own https address.</p>}
    </Part>
  );
}

function Password({ ways, onAsk }: SectionProps) {
  return (
    <Part title="Password and authenticator app">
      {ways.password ? <Mark tone="ok" icon="check" word="Set" /> : <Mark tone="info" icon="dash" word="Not set" />}
      <div class="acts">
        <Button onClick={() => onAsk({ kind: "password" })}>{ways.password ? "Change…" : "Set up…"}</Button>
        {ways.password && ways.passkeys.length > 0 && <Button onClick={() => onAsk({ kind: "no-password" })}>Remove…</Button>}
      </div>
    </Part>
  );
}

interface DialogProps {
  onClose: () => void;
  onDone: () => void;
}

function AddDialog({ onClose, onDone }: DialogProps) {
  const [name, setName] = useState(deviceName(navigator.userAgent));
  const { isBusy, problem, send } = useSend();
  const field = fieldOf(problem, ["name"]);
  const message = problem instanceof Error ? problem.message : "";
  const add = async () => {
    const asked = await post<MakeCeremony>("me/passkeys/challenge");
    await post("me/passkeys", await passkeyMake(asked, name));
  };
  return (
    <Dialog title="Add a passkey" onClose={onClose} isBusy={isBusy}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); void send(add, onDone); }}>
        {!field && <SendProblem problem={problem} />}
        <Input
          id="key-name"
          label="Name"
          hint="By which you know it again: the device it is on."
          value={name}
          error={field ? message : undefined}
          onInput={setName}
          maxLength={60}
        />
        <div class="form-actions">
          <Button type="submit" kind="primary" icon="key" isBusy={isBusy}>Make the passkey</Button>
          <Button onClick={onClose} disabled={isBusy}>Leave it</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** The secret of the app comes with the dialog, and is theirs once they show a code of it. */
function PasswordDialog({ onClose, onDone }: DialogProps) {
  const [app, setApp] = useState<AppSecret>();
  const begin = useSend();
  return (
    <Dialog title="Password and authenticator app" onClose={onClose} isBusy={begin.isBusy}>
      {app ? (
        <PasswordForm app={app} onClose={onClose} onDone={onDone} />
      ) : (
        <div class="form">
          <SendProblem problem={begin.problem} />
          <p>You choose a password, and scan a code with an app on your phone. What was set before is good no more, and your other sessions end.</p>
          <div class="form-actions">
            <Button kind="primary" isBusy={begin.isBusy} onClick={() => void begin.send(() => post<AppSecret>("me/password/challenge"), setApp)}>Begin</Button>
            <Button onClick={onClose} disabled={begin.isBusy}>Leave it</Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}

function PasswordForm({ app, onClose, onDone }: DialogProps & { app: AppSecret }) {
  const me = useMe();
  const [said, setSaid] = useState({ password: "", code: "" });
  const { isBusy, problem, send } = useSend();
  const field = fieldOf(problem, ["password", "code"]);
  const message = problem instanceof Error ? problem.message : "";
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void send(() => post("me/password", { ...said, ceremony: app.ceremony }), onDone);
      }}
    >
      <ErrorSummary wrongs={field ? [{ field, message }] : []} problem={problem} />
      <input class="aloud" type="text" value={me.member.name} autoComplete="username" readOnly tabIndex={-1} aria-hidden="true" />
      <PasswordAndApp app={app} said={said} wrong={(name) => (field === name ? message : undefined)} onSay={(more) => setSaid({ ...said, ...more })} />
      <div class="form-actions">
        <Button type="submit" kind="primary" isBusy={isBusy}>Set it</Button>
        <Button onClick={onClose} disabled={isBusy}>Leave it</Button>
      </div>
    </form>
  );
}
