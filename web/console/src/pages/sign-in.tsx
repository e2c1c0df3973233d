// Sign-in. The address stays what it was, so that somebody who was signed out is back where they were.

import { useEffect, useRef, useState } from "preact/hooks";
import { call } from "../core/api";
import { useLoad } from "../core/load";
import { passkeyShow, passkeysWork } from "../core/passkey";
import { account, confirming, signedIn, signOut } from "../core/session";
import { useSend } from "../core/send";
import { useStore } from "../core/store";
import { Button, Loading, Notice, Problem, SendProblem } from "../parts/basics";
import { Dialog } from "../parts/dialog";
import { Input } from "../parts/field";
import { Brand } from "../parts/brand";
import type { Ceremony, Me, SignIn, Ways } from "../wire";

const CODE_HINT = "Six digits, from your authenticator app.";
const code = (text: string): string => text.replace(/\D/g, "").slice(0, 6);

export function SignInPage({ ended }: { ended: boolean }) {
  const [said, setSaid] = useState<SignIn>({ name: "", password: "", code: "" });
  const { isBusy, problem, send } = useSend();
  const [way, setWay] = useState<"key" | "known">();
  const byKey = passkeysWork();
  useEffect(() => {
    document.title = "Sign in · Proof";
  }, []);
  const submit = (event: Event) => {
    event.preventDefault();
    setWay("known");
    void send(() => call<Me>("POST", "sign-in", said), signedIn);
  };
  const show = () => {
    setWay("key");
    void send(() => shownTo("sign-in/passkey"), signedIn);
  };
  return (
    <main class="door">
      <Brand />
      <h1>Sign in</h1>
      {ended && problem === undefined && <Notice tone="info" title="Your session is over">Sign in and you are back where you were.</Notice>}
      <SendProblem problem={problem} />
      {byKey && (
        <>
          <Button kind="primary" icon="key" isBusy={isBusy && way === "key"} disabled={isBusy} onClick={show}>
            Sign in with a passkey
          </Button>
          <p class="or"><span>or with name, password and code</span></p>
        </>
      )}
      <form class="form" onSubmit={submit}>
        <Input id="name" label="Name" value={said.name} onInput={(name) => setSaid({ ...said, name })} autoComplete="username" />
        <Known id="" said={said} onSay={(more) => setSaid({ ...said, ...more })} label="Password" />
        <Button type="submit" kind={byKey ? "plain" : "primary"} isBusy={isBusy && way === "known"} disabled={isBusy}>
          Sign in
        </Button>
      </form>
      <p class="small muted">No account, or no way in? An owner of this installation invites you by a link.</p>
    </main>
  );
}

/** Password and code, in two places. */
function Known({ id, label, said, onSay }: { id: string; label: string; said: { password: string; code: string }; onSay: (more: { password: string } | { code: string }) => void }) {
  return (
    <>
      <Input
        id={`${id}password`}
        label={label}
        type="password"
        value={said.password}
        onInput={(password) => onSay({ password })}
        autoComplete="current-password"
      />
      <Input
        id={`${id}code`}
        label="Code"
        hint={CODE_HINT}
        value={said.code}
        onInput={(text) => onSay({ code: code(text) })}
        autoComplete="one-time-code"
        inputMode="numeric"
        pattern="[0-9]{6}"
        mono
      />
    </>
  );
}

/** Asks the browser for a passkey, and shows it to the server. */
async function shownTo(path: string): Promise<Me> {
  const asked = await call<Ceremony>("POST", `${path}/challenge`, undefined);
  return call<Me>("POST", path, await passkeyShow(asked));
}

/** Before money moves: they show once more that it is them, then what was asked for goes on. */
export function ConfirmIdentity() {
  const open = useStore(confirming);
  const state = useStore(account);
  if (!open || state.kind !== "in") return null;
  return <ConfirmDialog name={state.me.member.name} answer={open.answer} />;
}

function ConfirmDialog({ name, answer }: { name: string; answer: (confirmed: boolean) => void }) {
  const { data: ways, problem: unknown, reload } = useLoad<Ways>("me/ways");
  const { isBusy, problem, send } = useSend();
  const box = useRef<HTMLDivElement>(null);
  const isThere = ways !== undefined;
  useEffect(() => {
    if (isThere) box.current?.querySelector<HTMLElement>("button, input:not([readonly])")?.focus();
  }, [isThere]);
  const confirm = (shown: () => Promise<Me>) =>
    void send(shown, (me) => {
      signedIn(me);
      answer(true);
    });
  const hasKey = ways !== undefined && ways.passkeys.length > 0;
  const byKey = hasKey && passkeysWork();
  return (
    <Dialog title="Confirm that it is you" onClose={() => answer(false)} isBusy={isBusy}>
      <div class="form" ref={box}>
        <p class="muted">Money and keys need a fresh sign-in. What you asked for goes on right after.</p>
        <SendProblem problem={problem} />
        {unknown !== undefined && <Problem problem={unknown} onRetry={() => void reload()} />}
        {!ways && unknown === undefined && <Loading rows={2} />}
        {byKey && (
          <Button kind="primary" icon="key" isBusy={isBusy} onClick={() => confirm(() => shownTo("sign-in/again/passkey"))}>
            Confirm with a passkey
          </Button>
        )}
        {byKey && ways.password && <p class="or"><span>or with password and code</span></p>}
        {ways?.password && (
          <ConfirmKnown name={name} isBusy={isBusy} isFirst={!byKey} onSay={(said) => confirm(() => call<Me>("POST", "sign-in/again", said))} />
        )}
        {ways && !byKey && !ways.password && (
          <Notice tone="wait" title="Your passkey does not work on this page">
            Open the console at its own address, in a browser that has passkeys.
          </Notice>
        )}
        <Button kind="quiet" onClick={() => answer(false)} disabled={isBusy}>Not now</Button>
      </div>
    </Dialog>
  );
}

interface ConfirmKnownProps {
  name: string;
  isBusy: boolean;
  isFirst: boolean;
  onSay: (said: { password: string; code: string }) => void;
}

function ConfirmKnown({ name, isBusy, isFirst, onSay }: ConfirmKnownProps) {
  const [said, setSaid] = useState({ password: "", code: "" });
  return (
    <form class="form" onSubmit={(event) => { event.preventDefault(); onSay(said); }}>
      <input class="aloud" type="text" value={name} autoComplete="username" readOnly tabIndex={-1} aria-hidden="true" />
      <Known id="again-" said={said} onSay={(more) => setSaid({ ...said, ...more })} label={`Password of ${name}`} />
      <Button type="submit" kind={isFirst ? "primary" : "plain"} isBusy={isBusy}>Confirm and go on</Button>
    </form>
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
