// Somebody who was invited chooses a name and a password, and ties an authenticator app to them.

import { useState } from "preact/hooks";
import { call, fieldOf, part } from "../core/api";
import { useLoad } from "../core/load";
import { go } from "../core/location";
import { signedIn } from "../core/session";
import { useSend } from "../core/send";
import { Loading, Problem, Button } from "../parts/basics";
import { Brand } from "../parts/brand";
import { ErrorSummary, Input } from "../parts/field";
import { QrCode } from "../parts/qr";
import { Exact, Secret } from "../parts/text";
import { roleTitle } from "../words";
import type { Invitation, InvitationTake, Me } from "../wire";

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

function Take({ token, invitation }: { token: string; invitation: Invitation }) {
  const [said, setSaid] = useState<InvitationTake>({ name: "", password: "", code: "" });
  const { isBusy, problem, send } = useSend();
  const field = fieldOf(problem, ["name", "password", "code"]);
  const message = problem instanceof Error ? problem.message : "";
  const wrong = (name: string) => (field === name ? message : undefined);
  const submit = (event: Event) => {
    event.preventDefault();
    void send(() => call<Me>("POST", `invitations/${part(token)}`, said), (me) => {
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
        <h2>1. Name and password</h2>
        <Input
          id="name"
          label="Name"
          hint="Small letters; it stands beside everything you do."
          value={said.name}
          error={wrong("name")}
          onInput={(name) => setSaid({ ...said, name })}
          autoComplete="username"
        />
        <Input
          id="password"
          label="Password"
          hint="Long is better than complicated."
          type="password"
          value={said.password}
          error={wrong("password")}
          onInput={(password) => setSaid({ ...said, password })}
          autoComplete="new-password"
        />
        <h2>2. Authenticator app</h2>
        <p class="muted">Scan this with the app, or type the secret into it.</p>
        <QrCode text={invitation.otpauth_url} label="Code for the authenticator app" />
        <Secret text={invitation.secret} what="the secret" inBlocks />
        <Input
          id="code"
          label="Code"
          hint="The six digits that the app shows now."
          value={said.code}
          error={wrong("code")}
          onInput={(text) => setSaid({ ...said, code: text.replace(/\D/g, "").slice(0, 6) })}
          autoComplete="one-time-code"
          inputMode="numeric"
          pattern="[0-9]{6}"
          mono
        />
        <Button type="submit" kind="primary" isBusy={isBusy}>
          Take the invitation
        </Button>
      </form>
    </>
  );
}
