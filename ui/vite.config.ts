import { gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Bytes of script that the first page may load, after gzip. */
const firstLoadLimit = 300_000

/** Prints what a first visit loads and fails the build where it is more than the limit. */
function firstLoad(): Plugin {
  return {
    name: 'first-load',
    apply: 'build',
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((part) => part.type === 'chunk')
      const wanted = new Set<string>()
      const visit = (name: string) => {
        const chunk = chunks.find((c) => c.fileName === name)
        if (!chunk || wanted.has(name)) return
        wanted.add(name)
        chunk.imports.forEach(visit)
      }
      for (const chunk of chunks) if (chunk.isEntry) visit(chunk.fileName)
      const bytes = chunks.filter((c) => wanted.has(c.fileName)).reduce((sum, c) => sum + gzipSync(c.code).length, 0)
      this.info(`first load: ${(bytes / 1000).toFixed(1)} kB of script after gzip (limit ${firstLoadLimit / 1000} kB)`)
      if (bytes > firstLoadLimit) this.error(`first load is over its limit of ${firstLoadLimit / 1000} kB`)
    },
  }
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), firstLoad()],
  worker: { format: 'es' },
  build: { target: 'es2023', outDir: 'dist', emptyOutDir: true, chunkSizeWarningLimit: 400 },
  server: { proxy: { '/api': process.env.PANOPTES_SERVER ?? 'http://127.0.0.1:8080' } },
})
