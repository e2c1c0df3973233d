import { defineConfig, type Plugin } from "vite";
import { integrity } from "./build/integrity.ts";
import { words } from "./build/words.ts";

// Vite wraps each `import()` in a loader of styles and of what is preloaded. No later file of ours has either, and everybody
// would load it with the first screen.
const plainImports: Plugin = {
  name: "plain-imports",
  enforce: "pre",
  load: (id) => (id === "\0vite/preload-helper.js" ? "export const __vitePreload = (load) => load();" : undefined),
};

export default defineConfig({
  base: "/",
  plugins: [plainImports, words(), integrity()],
  build: {
    target: "es2022",
    reportCompressedSize: false,
    // The page's policy allows no inline script, and one small bundle needs no preloading.
    modulePreload: false,
    assetsInlineLimit: 0,
    rollupOptions: {
      output: {
        // Nearly all of what a first screen draws would else be compiled while it is drawn: so browsers that know the word have it
        // done by the thread that reads the file.
        postBanner: ({ name }) => (name === "index" ? "//# allFunctionsCalledOnLoad" : ""),
        // Named by its language, so that the check of sizes can tell what a visitor loads.
        chunkFileNames: ({ facadeModuleId }) => {
          const language = facadeModuleId?.match(/^\0words:(\w+)$/)?.[1];
          return language ? `assets/lang-${language}-[hash].js` : "assets/[name]-[hash].js";
        },
      },
    },
  },
});
