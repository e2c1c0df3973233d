// Whoever comes in with a passkey, kept by an authenticator that the browser simulates.

import { expect, type CDPSession, type Page } from "@playwright/test";
import { title } from "./console.ts";
import { proofCommand } from "./operators.ts";
import type { Proof } from "./server.ts";

export interface Device {
  cdp: CDPSession;
  authenticatorId: string;
}

/** A device that unlocks at once. */
export async function device(page: Page): Promise<Device> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const options = {
    protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true,
  } as const;
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options });
  return { cdp, authenticatorId };
}

/** Invited at the machine, and in with a passkey. */
export async function come(page: Page, proof: Proof, name: string): Promise<void> {
  const link = /http\S+\/console\/invitations\/\S+/.exec(proofCommand(proof, "operator", "invite", "--email", `${name}@example.com`))?.[0] ?? "";
  await page.goto(link);
  await title(page, "Your invitation");
  await page.getByLabel("Name").fill(name);
  await expect(page.getByRole("radio", { name: "Passkey" })).toBeChecked();
  await page.getByRole("button", { name: "Make a passkey and go in" }).click();
}
