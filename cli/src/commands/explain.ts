import { errorCatalogue, PanoptesError } from '@panoptes/contract'
import { defineCommand } from '../core/index.ts'

export const explain = defineCommand({
  name: 'explain',
  summary: 'What an error code means and what to do; without a code, all of them',
  args: [{ name: '[code]', help: 'as PAN0201' }],
  examples: [['panoptes explain PAN0201', 'after an error']],
  run({ args, out }) {
    const all = [...errorCatalogue.values()]
    if (!args[0]) {
      out.list(all, [
        { title: 'code', value: (e) => e.code },
        { title: 'status', value: (e) => e.status, right: true },
        { title: 'title', value: (e) => e.title },
        { title: 'what to do', value: (e) => e.hint },
      ])
      return
    }
    const code = args[0].toUpperCase()
    const found = all.find((e) => e.code === code)
    if (!found) throw new PanoptesError('PAN0007', `there is no code ${code}`, { hint: '`panoptes explain` lists all.' })
    out.show(found, [
      ['code', found.code],
      ['title', found.title],
      ['status', found.status],
      ['what to do', found.hint],
    ])
  },
})
