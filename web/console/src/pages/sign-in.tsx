// Sign-in. The address stays what it was, so that somebody who was signed out is back where they were.

import { useEffect, useState } from "preact/hooks";
import { call } from "../core/api";
import { account, confirming, signedIn, signOut } from "../core/session";
import { useSend } from "../core/send";
import { useStore } from "../core/store";
import { Button, Notice, SendProblem } from "../parts/basics";
import { Dialog } from "../parts/dialog";
import { Input } from "../parts/field";
import { Brand } from "../parts/brand";
import type { Me, SignIn } from "../wire";

const CODE_HINT = "Six digits, from your authenticator app.";
const code = (text: string): string => text.replace(/\D/g, "").slice(0, 6);

export function SignInPage({ ended }: { ended: boolean }) {
  const [said, setSaid] = useState<SignIn>({ name: "", password: "", code: "" });
  const { isBusy, problem, send } = useSend();
  useEffect(() => {
    document.title = "Sign in · Proof";
  }, []);
  const submit = (event: Event) => {
    event.preventDefault();
    void send(() => call<Me>("POST", "sign-in", said), signedIn);
  };
  return (
    <main class="door">
      <Brand />
      <h1>Sign in</h1>
      {ended && problem === undefined && <Notice tone="info" title="Your session is over">Sign in and you are back where you were.</Notice>}
      <SendProblem problem={problem} />
      <form class="form" onSubmit={submit}>
        <Input id="name" label="Name" value={said.name} onInput={(name) => setSaid({ ...said, name })} autoComplete="username" />
        <Input
          id="password"
          label="Password"
          type="password"
          value={said.password}
          onInput={(password) => setSaid({ ...said, password })}
          autoComplete="current-password"
        />
        <Input
          id="code"
          label="Code"
          hint={CODE_HINT}
          value={said.code}
          onInput={(text) => setSaid({ ...said, code: code(text) })}
          autoComplete="one-time-code"
          inputMode="numeric"
          pattern="[0-9]{6}"
          mono
        />
        <Button type="submit" kind="primary" isBusy={isBusy}>
          Sign in
        </Button>
      </form>
      <p class="small muted">No account? An owner of this installation invites you by a link.</p>
    </main>
  );
}

/** Before money moves: the password and a code once more, then what was asked for goes on. */
export function ConfirmIdentity() {
  const open = useStore(confirming);
  const state = useStore(account);
  if (!open || state.kind !== "in") return null;
  return <ConfirmDialog name={state.me.member.name} answer={open.answer} />;
}

function ConfirmDialog({ name, answer }: { name: string; answer: (confirmed: boolean) => void }) {
  const [said, setSaid] = useState({ password: "", code: "" });
  const { isBusy, problem, send } = useSend();
  const submit = (event: Event) => {
    event.preventDefault();
    void send(() => call<Me | undefined>("POST", "sign-in/again", said), (me) => {
      if (me) signedIn(me);
      answer(true);
    });
  };
  return (
    <Dialog title="Confirm that it is you" onClose={() => answer(false)} isBusy={isBusy}>
      <form class="form" onSubmit={submit}>
        <p class="muted">Money and keys need a fresh sign-in. What you asked for goes on right after.</p>
        <SendProblem problem={problem} />
        <input class="aloud" type="text" value={name} autoComplete="username" readOnly tabIndex={-1} aria-hidden="true" />
        <Input
          id="again-password"
          label={`Password of ${name}`}
          type="password"
          value={said.password}
          onInput={(password) => setSaid({ ...said, password })}
          autoComplete="current-password"
        />
        <Input
          id="again-code"
          label="Code"
          hint={CODE_HINT}
          value={said.code}
          onInput={(text) => setSaid({ ...said, code: code(text) })}
          autoComplete="one-time-code"
          inputMode="numeric"
          pattern="[0-9]{6}"
          mono
        />
        <div class="form-actions">
          <Button type="submit" kind="primary" isBusy={isBusy}>Confirm and go on</Button>
          <Button onClick={() => answer(false)} disabled={isBusy}>Not now</Button>
        </div>
      </form>
    </Dialog>
  );
}

export function SignOutButton() {
  const { isBusy, problem, send } = useSend();
  return (
    <>
      <Button kind="quiet" small icon="out" isBusy={isBusy} onClick={() => void send(signOut)}>Sign out</Button>
      {problem !== undefined && <span class="small stop-text" role="alert">You are still signed in: the server did not answer.</span>}
    </>
  );
}
