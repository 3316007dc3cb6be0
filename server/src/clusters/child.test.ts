import { expect, it } from 'vitest'
import { lookThrough } from './child.ts'

/** A name that begins with a dash must not be read as an option. */
it.each(['-x', '--look', ''])(
  'a kubeconfig that is none is refused as such, whatever the name of its context: %j',
  async (context) => {
    await expect(lookThrough('nothing', context)).rejects.toMatchObject({ code: 'PAN0501' })
  },
  60_000,
)
