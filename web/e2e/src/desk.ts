// Operators and partners' people at their desks. Each signs in once for all tests of a worker, since a
// code is good once and a session lasts.

import type { BrowserContextOptions, Page } from "@playwright/test";
import { person, said, signIn } from "./console.ts";
import { test as base } from "./test.ts";

export { expect, newBuyer } from "./test.ts";

type Kept = NonNullable<Exclude<BrowserContextOptions["storageState"], string>>;

/** The page of the console that this person has in front of them, in a browser of their own. */
export type Desk = (name: string, options?: BrowserContextOptions) => Promise<Page>;

export const test = base.extend<{ desk: Desk }, { sessions: Map<string, Kept> }>({
  sessions: [async ({}, use) => use(new Map()), { scope: "worker" }],
  desk: async ({ browser, proof, sessions }, use) => {
    const opened = new Map<string, Page>();
    await use(async (name, options) => {
      const seated = opened.get(name);
      if (seated && !options) return seated;
      await seated?.context().close();
      const storageState = sessions.get(name);
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options, ...(storageState ? { storageState } : {}) });
      const page = await context.newPage();
      opened.set(name, page);
      if (!storageState) {
        await signIn(page, proof, person(proof, name));
        sessions.set(name, await context.storageState());
      }
      return page;
    });
    for (const page of opened.values()) await page.context().close();
  },
});

/** Alice wants it, and her word alone moves nothing; with bob's it is done. */
export async function bothDecide(desk: Desk, path: string, act: (page: Page) => Promise<void>): Promise<void> {
  const [alice, bob] = [await desk("alice"), await desk("bob")];
  await alice.goto(path);
  await act(alice);
  await said(alice, "Proposed. A second operator has to say the same.");
  await bob.goto(path);
  await act(bob);
  await said(bob, "Done");
}
