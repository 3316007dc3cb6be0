import { defineProof } from '../../proof.ts'
import { proveBundle } from './bundle.ts'
import { proveHelm } from './helm.ts'
import { openLab } from './lab.ts'
import { proveManifest } from './manifest.ts'

export const b02 = defineProof({
  line: 'B.2',
  title: 'manifest, chart and bundle install into an empty cluster; the controller runs from its image with least rights; upgrade, roll-back, removal',
  async run(run) {
    const lab = await openLab(run)
    await proveManifest(lab)
    await proveHelm(lab)
    await proveBundle(lab)
  },
})
