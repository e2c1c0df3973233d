import { defineConfig } from "vite";

export default defineConfig({
  build: {
    target: "es2020",
    reportCompressedSize: false,
    lib: {
      entry: "src/index.ts",
      formats: ["iife"],
      name: "proofWidget",
      fileName: () => "widget.2.0.js",
    },
  },
});
