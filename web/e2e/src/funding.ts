// How an operator fills the hot wallet of a real network.

import { answer, at, dialog } from "./console.ts";
import { bothDecide, expect, type Desk } from "./desk.ts";
import type { Proof } from "./server.ts";

const CHAIN_MS = 60_000;

export interface Funding {
  ticker: string;
  network: string;
  /** As the console shows them, one by one. */
  coins: RegExp[];
  send: (wallet: string) => Promise<void>;
}

/** Coins from the operator's own wallet, which two operators know. The hot wallet's address. */
export async function fill(desk: Desk, proof: Proof, { ticker, network, coins, send }: Funding): Promise<string> {
  const treasury = at(proof, "/ledger/treasury");
  const alice = await desk("alice");
  await alice.goto(treasury);
  await alice.getByRole("button", { name: `Top up ${ticker} on ${network}` }).click();
  await dialog(alice).getByRole("button", { name: `Read ${network} from now on` }).click();
  const wallet = (await dialog(alice).locator(".secret code").innerText()).replaceAll(/\s/g, "");
  await dialog(alice).getByRole("button", { name: "Done" }).click();
  await send(wallet);
  for (const name of coins) {
    const row = (page: typeof alice) => page.getByRole("region", { name: "Coins that came" }).getByRole("row", { name });
    await expect(async () => {
      await alice.getByRole("button", { name: "Ask the nodes" }).click();
      await expect(row(alice).getByText("Held")).toBeVisible({ timeout: 2_000 });
    }).toPass({ timeout: CHAIN_MS });
    await bothDecide(desk, treasury, async (page) => {
      await row(page).getByRole("button", { name: "Ours" }).click();
      await answer(page, "They are ours", { reason: "from the cold wallet" });
    });
  }
  return wallet;
}
