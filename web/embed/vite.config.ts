import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vite";

const doctor = readFileSync(join(import.meta.dirname, "dist/widget-doctor.2.0.js"));

export default defineConfig({
  define: { DOCTOR_INTEGRITY: JSON.stringify(`sha384-${createHash("sha384").update(doctor).digest("base64")}`) },
  build: {
    target: "es2020",
    reportCompressedSize: false,
    emptyOutDir: false,
    lib: {
      entry: "src/index.ts",
      formats: ["iife"],
      name: "proofWidget",
      fileName: () => "widget.2.0.js",
    },
  },
});
