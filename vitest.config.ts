import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["web/{embed,widget}/test/**/*.test.ts", "examples/shop-node/test/**/*.test.js", "crates/proof-sandbox/assets/test/**/*.test.js"],
    environment: "node",
  },
});
