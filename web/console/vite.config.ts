import { defineConfig } from "vite";

export default defineConfig({
  base: "/console/",
  build: {
    target: "es2022",
    reportCompressedSize: false,
    // The page's policy allows no inline script, and one small bundle needs no preloading.
    modulePreload: false,
    assetsInlineLimit: 0,
  },
});
