import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { optionTable } from '../server/src/platform/config/index.ts'

test('npm start -- --help explains every option of the server', () => {
  const help = execFileSync(process.execPath, ['scripts/start.mjs', '--help'], { encoding: 'utf8' })
  for (const option of optionTable) expect(help).toContain(`--${option.flag}${'value' in option ? ` ${option.value}` : ''}`)
})
