import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { words } from "./web/widget/build/words.ts";

const sdk = join(import.meta.dirname, "web/sdk/src");

export default defineConfig({
  // The examples in the SDK's README say what a partner says, and run against the sources.
  resolve: { alias: [{ find: /^@proof\/sdk$/, replacement: join(sdk, "index.ts") }] },
  plugins: [words()],
  test: {
    include: ["web/{embed,widget,sdk,console}/test/**/*.test.ts", "examples/*/test/**/*.test.js", "crates/proof-sandbox/assets/test/**/*.test.js"],
    environment: "node",
  },
});
