import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // Files share a process: what is loaded, and what MJML has laid out, serves the next file too. A third less time.
    isolate: false,
    globalSetup: 'test/tidy.ts',
    setupFiles: 'test/seed.ts',
    projects: [
      {
        extends: true,
        test: {
          name: 'npm',
          include: ['test/**/*.test.ts'],
          exclude: ['test/outside/**'],
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'outside',
          include: ['test/outside/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
