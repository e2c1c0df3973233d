// Somebody who was invited chooses a name, and how they will sign in.

import { useState } from "preact/hooks";
import { call, fieldOf, part } from "../core/api";
import { useLoad } from "../core/load";
import { go } from "../core/location";
import { deviceName, passkeyMake, passkeysWork } from "../core/passkey";
import { signedIn } from "../core/session";
import { useSend } from "../core/send";
import { Loading, Problem, Button } from "../parts/basics";
import { Brand } from "../parts/brand";
import { ErrorSummary, Input } from "../parts/field";
import { PasswordAndApp } from "../parts/password";
import { Exact } from "../parts/text";
import { roleTitle } from "../words";
import type { Invitation, InvitationTake, MakeCeremony, Me } from "../wire";

export function InvitationPage({ token }: { token: string }) {
  const { data, problem, isLoading, reload } = useLoad<Invitation>(`invitations/${part(token)}`);
  return (
    <main class="door">
      <Brand />
      <h1>Your invitation</h1>
      {isLoading && !data && <Loading rows={4} />}
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      {data && <Take token={token} invitation={data} />}
    </main>
  );
}

type Way = "passkey" | "password";

function Take({ token, invitation }: { token: string; invitation: Invitation }) {
  const byKey = passkeysWork();
  const [way, setWay] = useState<Way>(byKey ? "passkey" : "password");
  const [said, setSaid] = useState<InvitationTake>({ name: invitation.name ?? "", password: "", code: "" });
  const { isBusy, problem, send } = useSend();
  const field = fieldOf(problem, ["name", "password", "code"]);
  const message = problem instanceof Error ? problem.message : "";
  const wrong = (name: string) => (field === name ? message : undefined);
  const path = `invitations/${part(token)}`;
  const take = () => (way === "passkey" ? takeWithPasskey(path, said.name) : call<Me>("POST", path, said));
  const submit = (event: Event) => {
    event.preventDefault();
    void send(take, (me) => {
      go("/", "", { replace: true });
      signedIn(me);
    });
  };
  return (
    <>
      <p class="muted">
        For {invitation.email}, as {roleTitle(invitation.role).toLowerCase()}
        {invitation.partner && <> of {invitation.partner.name}</>}. The link works until <Exact at={invitation.expires_at} />.
      </p>
      <ErrorSummary wrongs={field ? [{ field, message }] : []} problem={problem} />
      <form class="form" onSubmit={submit}>
        {invitation.name !== null && <p>You are still <strong>{invitation.name}</strong>, and choose anew how you sign in.</p>}
        {invitation.name === null && (
          <Input
            id="name"
            label="Name"
            hint="Small letters; it stands beside everything you do."
            value={said.name}
            error={wrong("name")}
            onInput={(name) => setSaid({ ...said, name })}
            autoComplete="username"
          />
        )}
        {byKey && <WayChoice way={way} onChoose={setWay} />}
        {way === "password" && <Known invitation={invitation} said={said} wrong={wrong} onSay={(more) => setSaid({ ...said, ...more })} />}
        <Button type="submit" kind="primary" isBusy={isBusy} {...(way === "passkey" ? { icon: "key" as const } : {})}>
          {way === "passkey" ? "Make a passkey and go in" : "Take the invitation"}
        </Button>
      </form>
    </>
  );
}

async function takeWithPasskey(path: string, name: string): Promise<Me> {
  const asked = await call<MakeCeremony>("POST", `${path}/passkey/challenge`, { name });
  return call<Me>("POST", `${path}/passkey`, await passkeyMake(asked, deviceName(navigator.userAgent)));
}

const WAYS: { way: Way; title: string; text: string }[] = [
  { way: "passkey", title: "Passkey", text: "What unlocks this device, or a security key. Nothing to remember, and no page can ask it from you." },
  { way: "password", title: "Password and authenticator app", text: "A password, and six digits from an app on your phone." },
];

function WayChoice({ way, onChoose }: { way: Way; onChoose: (way: Way) => void }) {
  return (
    <fieldset class="field">
      <legend>How you will sign in</legend>
      <div class="choices">
        {WAYS.map((one) => (
          <label key={one.way} class={`choice${one.way === way ? " is-on" : ""}`}>
            <input type="radio" name="way" checked={one.way === way} onChange={() => onChoose(one.way)} />
            <span><strong>{one.title}</strong><small>{one.text}</small></span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface KnownProps {
  invitation: Invitation;
  said: InvitationTake;
  wrong: (name: string) => string | undefined;
  onSay: (more: Partial<InvitationTake>) => void;
}

function Known({ invitation, said, wrong, onSay }: KnownProps) {
  return (
    <>
      {invitation.name !== null && <input class="aloud" type="text" value={said.name} autoComplete="username" readOnly tabIndex={-1} aria-hidden="true" />}
      <PasswordAndApp app={invitation} said={said} wrong={wrong} onSay={onSay} />
    </>
  );
}
