import { defineConfig } from 'vitest/config'

/** Two suites: `unit` beside the code, and `whole` (real Envoys, a browser, the whole product), which runs one file at a time. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{contract,pki,controller,server,cli,ui,demo,bench,prove,scripts}/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**', '**/*.prove.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'whole',
          include: ['ui/e2e/**/*.e2e.ts', 'prove/**/*.prove.test.ts'],
          fileParallelism: false,
          testTimeout: 1_200_000,
          hookTimeout: 300_000,
        },
      },
    ],
    pool: 'forks',
    maxWorkers: 2,
  },
})
