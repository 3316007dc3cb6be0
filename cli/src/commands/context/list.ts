import { defineCommand, readContexts } from '../../core/index.ts'

export const list = defineCommand({
  name: 'context list',
  summary: 'The servers that this command line knows',
  examples: [['panoptes context list', 'the current one has a star']],
  run({ out, env }) {
    const { current, contexts } = readContexts(env)
    out.list(
      Object.entries(contexts).map(([name, { server, data }]) => ({ name, server, data: data ?? '', current: name === current })),
      [
        { title: '', value: (c) => (c.current ? '*' : '') },
        { title: 'name', value: (c) => c.name },
        { title: 'server', value: (c) => c.server },
        { title: 'data folder', value: (c) => c.data },
      ],
      'No server is known. `panoptes login --server URL` makes one known; `npm start` makes `local`.',
    )
  },
})
