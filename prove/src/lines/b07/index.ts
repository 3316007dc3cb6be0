import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { defineProof, type Run } from '../../proof.ts'
import { openDesk } from './desk.ts'
import { foreignFolder } from './folder.ts'
import { proveHandshake } from './handshake.ts'
import { proveInstalled } from './installing.ts'
import { proveMaking } from './making.ts'
import { proveRefusals } from './refusals.ts'
import { proveRotation } from './rotation.ts'
import { proveSilence } from './silence.ts'

export const b07 = defineProof({
  line: 'B.7',
  title: 'certificates of a mesh of clusters: made, refused, installed into real istiods, shaken hands with between two Envoys, rotated',
  async run(run) {
    const desk = await openDesk(run)
    const [east, west, later] = namesOf(run)
    const folder = await proveMaking(desk, [east, west], later)
    await proveHandshake(run, folder, [east, west])
    await proveRefusals(desk, [east, west, later])
    const mesh = await proveInstalled(run, folder, [east, west], foreignFolder(join(run.dir, 'unknown'), east))
    await proveRotation(mesh, folder, 'intermediates')
    run.check('a cluster that was not rotated is where it was', existsSync(join(folder, later, 'ca-key.pem')))
    const some = await mesh.desk.panoptes('certs', 'rotate', '-c', folder, '--cluster', east, '--cluster', west, '--plan', '--only', 'root')
    run.check('there is no plan for the root of some clusters only', some.code === 2 && some.stderr.includes(later), some.stderr.trim().slice(0, 200))
    rmSync(join(folder, later), { recursive: true })
    await proveRotation(mesh, folder, 'root')
    await proveSilence([desk, mesh.desk])
  },
})

/** Names as people give them; no two alike. */
function namesOf({ random }: Run): [string, string, string] {
  const seeded = random.fork('names')
  const name = (at: number) => `${seeded.pick(['east', 'west', 'eu', 'bank', 'x', 'prod-de'])}-${at}${seeded.int(1_000)}`
  return [name(1), name(2), name(3)]
}
