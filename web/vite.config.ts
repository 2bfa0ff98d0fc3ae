import { defineConfig } from 'vite';

/** Where the development server sends API and socket calls; the built page is served by the api itself. */
const apiOrigin = 'http://localhost:3000';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  // A data: URL would need its own line in the content security policy, so nothing is inlined.
  build: { outDir: '../dist/web', emptyOutDir: true, assetsInlineLimit: 0, target: 'es2022' },
  server: {
    proxy: {
      '/api': apiOrigin,
      '/socket.io': { target: apiOrigin, ws: true },
    },
  },
});
