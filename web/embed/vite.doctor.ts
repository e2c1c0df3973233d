import { defineConfig } from "vite";

// Built first: the loader carries its digest.
export default defineConfig({
  build: {
    target: "es2020",
    reportCompressedSize: false,
    lib: { entry: "src/doctor.ts", formats: ["iife"], name: "proofWidgetDoctor", fileName: () => "widget-doctor.2.0.js" },
  },
});
