import { defineConfig } from "vite";

export default defineConfig({
  base: "/console/",
  build: {
    target: "es2022",
    reportCompressedSize: false,
    // The page's policy allows no inline script, and what a page needs is two files deep at most.
    modulePreload: false,
    // What several pages are made of comes once, in one file, and not in twenty small ones.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "shared", test: /\/src\/(core|parts|\w+\.ts)|\/preact\//, minShareCount: 2 }] } } },
    assetsInlineLimit: 0,
  },
});
