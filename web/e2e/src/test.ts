// What every test starts from: a running product, and a buyer nobody has seen before.

import { test as base } from "@playwright/test";
import { startProof, type Proof } from "./server.ts";

export { expect } from "@playwright/test";

export interface Buyer {
  user_id: string;
  email: string;
}

let buyers = 0;

/** The tag of the email scripts the outcome of the identity check (docs, "The sandbox world"). */
export function newBuyer(tag = ""): Buyer {
  buyers += 1;
  const name = `buyer-${process.pid}-${buyers}`;
  return { user_id: name, email: `${name}${tag}@example.com` };
}

export const test = base.extend<object, { proof: Proof; options: string[] }>({
  page: async ({ page }, use) => {
    await use(page);
    // A request that is still on its way when a test ends is no fault of its handler.
    if (!page.isClosed()) await page.unrouteAll({ behavior: "ignoreErrors" });
  },
  options: [[], { option: true, scope: "worker" }],
  proof: [
    async ({ options }, use, info) => {
      const { proof, stop } = await startProof(info.workerIndex, options);
      await use(proof);
      await stop();
    },
    { scope: "worker", timeout: 60_000 },
  ],
});
