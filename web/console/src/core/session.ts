// Who is here. The cookie is the server's; this only knows what the server said of it.

import type { Act, Me } from "../wire";
import { call, guardWith, RefusedError } from "./api";
import { Store } from "./store";

export type Account =
  | { kind: "asking" }
  | { kind: "unreachable" }
  /** `ended`: somebody was here and the session is over. */
  | { kind: "out"; ended: boolean }
  | { kind: "in"; me: Me };

export const account = new Store<Account>({ kind: "asking" });

/** The "confirm it is you" dialog that is open: who answers it. */
export const confirming = new Store<{ answer: (confirmed: boolean) => void; asked: Promise<boolean> } | null>(null);

guardWith({
  signedOut: () => {
    confirming.value?.answer(false);
    // Several calls may hear it; the first one knows whether somebody was here.
    if (account.value.kind !== "out") account.set({ kind: "out", ended: account.value.kind === "in" });
  },
  // Several calls may want it at once; they wait for the same dialog.
  confirm: () => confirming.value?.asked ?? ask(),
});

function ask(): Promise<boolean> {
  let answer: (confirmed: boolean) => void = () => undefined;
  const asked = new Promise<boolean>((resolve) => {
    answer = (confirmed) => {
      confirming.set(null);
      resolve(confirmed);
    };
  });
  confirming.set({ answer, asked });
  return asked;
}

export async function whoAmI(): Promise<void> {
  try {
    account.set({ kind: "in", me: await call<Me>("GET", "me", undefined) });
  } catch (problem) {
    const isRefused = problem instanceof RefusedError && problem.status < 500;
    account.set(isRefused ? { kind: "out", ended: false } : { kind: "unreachable" });
  }
}

export const signedIn = (me: Me): void => account.set({ kind: "in", me });

export async function signOut(): Promise<void> {
  await call("POST", "sign-out", undefined);
  account.set({ kind: "out", ended: false });
}

export const may = (me: Me, act: Act): boolean => me.may.includes(act);

/** Partners' people see their own partner only, and another set of pages. */
export const isPortal = (me: Me): boolean => me.member.partner !== null;

/** Of an asset, as the server knows it. */
export const decimalsOf = (asset: string): number | undefined => (account.value.kind === "in" ? account.value.me.decimals[asset] : undefined);
