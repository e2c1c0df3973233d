// Passkeys, as browsers make and show them. In the calls bytes are base64url.

import type { Ceremony, Made, MakeCeremony, Shown } from "../wire";

/** Why the browser gave none, in words for whoever sits there. */
export class PasskeyError extends Error {}

/** Whether this browser can, on this page: it wants a safe page whose host has a name. */
export const passkeysWork = (): boolean => window.isSecureContext && "PublicKeyCredential" in window && !isNumber(location.hostname);

export const isNumber = (host: string): boolean => /^[\d.]+$|^\[/.test(host);

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

export function textOf(bytes: ArrayBuffer): string {
  const plain = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const withBytes = <T extends { id: string }>(known: T[] = []) => known.map((one) => ({ ...one, id: bytesOf(one.id) }));

/** What to call a passkey that is made here, until somebody says better. */
export function deviceName(agent: string): string {
  const names: [RegExp, string][] = [
    [/iPhone/, "iPhone"],
    [/iPad/, "iPad"],
    [/Android/, "Android phone"],
    [/Macintosh/, "Mac"],
    [/Windows/, "Windows computer"],
    [/Linux|CrOS/, "Linux computer"],
  ];
  return names.find(([mark]) => mark.test(agent))?.[1] ?? "Passkey";
}

/** Makes a passkey: the browser asks the person, and the device keeps it. */
export async function passkeyMake({ ceremony, options }: MakeCeremony, name: string): Promise<Made> {
  const { publicKey: asked } = options;
  const publicKey = {
    ...asked,
    challenge: bytesOf(asked.challenge),
    user: { ...asked.user, id: bytesOf(asked.user.id) },
    excludeCredentials: withBytes(asked.excludeCredentials),
  } as PublicKeyCredentialCreationOptions;
  const made = (await asking(() => navigator.credentials.create({ publicKey }))) as PublicKeyCredential;
  const response = made.response as AuthenticatorAttestationResponse;
  return {
    ceremony,
    name,
    credential: {
      id: made.id,
      rawId: textOf(made.rawId),
      type: made.type,
      response: { clientDataJSON: textOf(response.clientDataJSON), attestationObject: textOf(response.attestationObject) },
    },
  };
}

/** Shows a passkey: the browser lets the person choose, unless the server named some. */
export async function passkeyShow({ ceremony, options }: Ceremony): Promise<Shown> {
  const { publicKey: asked } = options;
  const publicKey = { ...asked, challenge: bytesOf(asked.challenge), allowCredentials: withBytes(asked.allowCredentials) } as PublicKeyCredentialRequestOptions;
  const shown = (await asking(() => navigator.credentials.get({ publicKey }))) as PublicKeyCredential;
  const response = shown.response as AuthenticatorAssertionResponse;
  return {
    ceremony,
    credential: {
      id: shown.id,
      rawId: textOf(shown.rawId),
      type: shown.type,
      response: {
        clientDataJSON: textOf(response.clientDataJSON),
        authenticatorData: textOf(response.authenticatorData),
        signature: textOf(response.signature),
        userHandle: response.userHandle ? textOf(response.userHandle) : null,
      },
    },
  };
}

async function asking(ask: () => Promise<Credential | null>): Promise<Credential> {
  try {
    const answer = await ask();
    if (answer) return answer;
  } catch (problem) {
    if (problem instanceof DOMException) throw new PasskeyError(wordsFor(problem.name));
    throw problem;
  }
  throw new PasskeyError(wordsFor("NotAllowedError"));
}

export function wordsFor(name: string): string {
  switch (name) {
    case "InvalidStateError":
      return "This device has a passkey of yours for this console already.";
    case "SecurityError":
      return "This page has another address than the console should have; open it at that one.";
    case "NotSupportedError":
    case "ConstraintError":
      return "This device cannot make such a passkey; take another one.";
    default:
      return "No passkey was given: the question was closed, or it took too long.";
  }
}
