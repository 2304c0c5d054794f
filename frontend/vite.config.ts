import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "/dashboard/",
  plugins: [svelte()],
  build: {
    // What the three webviews have all had for two years; older ones are told so by a blank page.
    target: ["es2022", "safari16.4"],
    modulePreload: false,
    // One file each, with names that do not change: the server forbids caching, and the committed
    // build then differs only where its source does.
    rollupOptions: {
      output: {
        entryFileNames: "assets/panel.js",
        chunkFileNames: "assets/[name].js",
        assetFileNames: "assets/panel[extname]",
      },
    },
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
});
