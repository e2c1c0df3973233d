// A password and the app that goes with it: chosen on an invitation, or later.

import { Input } from "./field";
import { QrCode } from "./qr";
import { Secret } from "./text";

interface Props {
  /** What the app is to be told. */
  app: { otpauth_url: string; secret: string };
  said: { password: string; code: string };
  wrong: (name: string) => string | undefined;
  onSay: (more: { password?: string; code?: string }) => void;
}

export function PasswordAndApp({ app, said, wrong, onSay }: Props) {
  return (
    <>
      <Input
        id="password"
        label="Password"
        hint="At least 12 characters; long is better than complicated."
        type="password"
        value={said.password}
        error={wrong("password")}
        onInput={(password) => onSay({ password })}
        autoComplete="new-password"
      />
      <h2>Authenticator app</h2>
      <p class="muted">Scan this with the app, or type the secret into it.</p>
      <QrCode text={app.otpauth_url} label="Code for the authenticator app" />
      <Secret text={app.secret} what="the secret" inBlocks />
      <Input
        id="code"
        label="Code"
        hint="The six digits that the app shows now."
        value={said.code}
        error={wrong("code")}
        onInput={(text) => onSay({ code: text.replace(/\D/g, "").slice(0, 6) })}
        autoComplete="one-time-code"
        inputMode="numeric"
        pattern="[0-9]{6}"
        mono
      />
    </>
  );
}
