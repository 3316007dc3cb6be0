import type { Run } from '../proof.ts'
import type { Random } from '../random.ts'
import type { Controller } from './product.ts'
import { sleep } from './wait.ts'

/** What can befall a collector. */
export const collectorFaults = {
  /** Killed and started again at once. */
  kill: 5,
  /** Killed, and away for two to four seconds. */
  killAndStay: 6,
  /** Asked to stop, and started again after a moment. */
  term: 7,
  /** Frozen for some seconds, then let go. */
  freeze: 8,
}
export type CollectorFault = keyof typeof collectorFaults

/** Does one fault to the controller and answers how many seconds it was away. */
export async function afflict(run: Run, controller: Controller, fault: CollectorFault, random: Random, longest: number): Promise<number> {
  const began = Date.now()
  const pid = controller.process()
  if (fault === 'freeze') {
    pid.signal('SIGSTOP')
    await sleep(random.between(Math.min(3, longest / 2), longest) * 1000)
    pid.signal('SIGCONT')
  } else {
    await pid.stop(fault === 'term' ? 'SIGTERM' : 'SIGKILL')
    if (fault === 'killAndStay') await sleep(random.between(2, 4) * 1000)
    if (fault === 'term') await sleep(random.between(0.5, 4) * 1000)
    await controller.start()
  }
  const seconds = (Date.now() - began) / 1000
  run.say(`collector: ${fault}, away for ${seconds.toFixed(1)} s`)
  return seconds
}
