// The whole product in a real browser: every worker has a server, a sandbox world and a shop of its own.

import { defineConfig } from "@playwright/test";
import { browserOptions } from "./src/browser.ts";

export default defineConfig({
  globalSetup: "./src/setup.ts",
  outputDir: "../../test-results",
  timeout: 90_000,
  expect: { timeout: 15_000 },
  // A test that passes only the second time is a defect to be found, not to be hidden.
  retries: 0,
  forbidOnly: true,
  // More than there are cores: most of a test's time is a person's pace, a film and the blocks of a chain.
  workers: Number(process.env["PROOF_E2E_WORKERS"] ?? "5"),
  reporter: [["list"]],
  use: {
    viewport: { width: 1000, height: 1100 },
    screenshot: "only-on-failure",
    // A recording costs more than all else that a test does.
    trace: process.env["PROOF_E2E_TRACE"] ? "retain-on-failure" : "off",
    launchOptions: browserOptions(false),
  },
  projects: [
    // What becomes of each order in the database, the contract tests show on both engines; here it is about pages, and on
    // PostgreSQL about the way from a page to the database and back: a buy, a sell, and a payment that goes wrong.
    { name: "e2e", testDir: "tests", testMatch: process.env["PROOF_E2E_DATABASE_URL"] ? ["buy.spec.ts", "sell.spec.ts", "payment.spec.ts"] : ["*.spec.ts"] },
    { name: "pictures", testDir: "pictures" },
    { name: "lighthouse", testDir: "lighthouse" },
  ],
});
