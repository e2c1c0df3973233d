// The README's examples: every one is type-checked as a partner would, and the runnable ones run and must
// print what they say.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { FakeProof, ID, refusal, TOKEN } from "./fake.js";

const sdk = resolve(import.meta.dirname, "..");
// Inside the package, so that the imports of an example are found; in what git and npm leave out.
const folder = join(sdk, "dist/readme");
const readme = readFileSync(join(sdk, "README.md"), "utf8");
const blocks = [...readme.matchAll(/^```ts( run)?\n(.*?)^```$/gms)].map(([, run, text = ""], index) => ({
  file: join(folder, `block-${index}.ts`),
  name: text.split("\n").find((line) => line !== "" && !line.startsWith("import")) ?? "",
  runs: run !== undefined,
  text,
  prints: [...text.matchAll(/\/\/ → (.*)$/gm)].map(([, line]) => line),
}));

const config = {
  extends: "../../../tsconfig.base.json",
  compilerOptions: {
    types: ["node"],
    paths: { "@proof/sdk": [join(sdk, "src/index.ts")], "@proof/sdk/widget": [join(sdk, "src/widget.ts")] },
  },
  include: ["*.ts"],
};

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  for (const { file, text } of blocks) writeFileSync(file, text);
  return () => rmSync(folder, { recursive: true, force: true });
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

it("there are examples", () => {
  expect(blocks.length).toBeGreaterThan(5);
  expect(blocks.filter(({ runs }) => runs).every(({ prints }) => prints.length > 0)).toBe(true);
});

it("examples have the right types", { timeout: 60_000 }, () => {
  const tsc = join(sdk, "../../node_modules/.bin/tsc");
  try {
    execFileSync(tsc, ["-p", folder], { encoding: "utf8" });
  } catch (error) {
    expect((error as { stdout: string }).stdout).toBe("");
    throw error;
  }
});

it.each(blocks.filter(({ runs }) => runs))("prints what it says: $name", async ({ file, prints }) => {
  const fake = await FakeProof.start();
  serveReadme(fake);
  vi.stubEnv("PROOF_URL", fake.url);
  vi.stubEnv("PROOF_TOKEN", TOKEN);
  const printed: string[] = [];
  vi.spyOn(console, "log").mockImplementation((...parts) => void printed.push(parts.join(" ")));
  await import(/* @vite-ignore */ file);
  expect(printed).toEqual(prints);
});

function serveReadme(fake: FakeProof): void {
  const order = { merchant_transaction_id: ID, type: "buy", currency: "USDT", crypto_amount: "100", fiat_currency: "EUR", fiat_amount: "" };
  fake.onSocket = (socket) => {
    ["pending", "processing", "completed"].forEach((status, index) => {
      socket.send(JSON.stringify({ event: "tx.update", ...order, status, occurred_at: "2026-04-01T10:00:00Z", sequence: index + 1 }));
    });
  };
  fake.answer = ({ method, path, headers, body }) => {
    if (headers.authorization !== `Bearer ${TOKEN}`) return refusal(401, "unauthorised", "invalid_token");
    if (method === "POST" && path === "/widget/session") {
      const asked = JSON.parse(body);
      return headers["idempotency-key"] === "order-1001" ? { body: { ...asked, merchant_transaction_id: ID } } : { status: 400 };
    }
    if (path === `/widget/transactions/${ID}`) return { body: { ...order, status: "completed" } };
    if (path === "/widget/events?wait=25") {
      return { body: { data: [{ event_id: "1", type: "order.created", status: "pending" }], next_cursor: "1" } };
    }
    return refusal(404, "not_found", "not_found");
  };
}
