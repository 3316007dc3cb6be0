import { setTimeout as sleep } from 'node:timers/promises'
import { getJob, type Job } from '@panoptes/contract'
import type { z } from 'zod'
import type { Run } from '../../core/index.ts'

export type Job_ = z.infer<typeof Job>

/** Waits for long work on the server, with a line of progress, and shows what came of it. */
export async function followJob({ out, client, signal, exit }: Run, job: Job_): Promise<Job_> {
  const { call } = client()
  let now = job
  while (now.state === 'running') {
    out.progress(`${now.kind}: ${now.done.toLocaleString('en')}${now.total === null ? '' : ` of ${now.total.toLocaleString('en')}`} ${now.summary}`)
    await sleep(500, undefined, { signal })
    now = await call(getJob, { params: { id: job.id }, signal })
  }
  out.progress('')
  out.show(now, [
    ['job', `${now.kind} ${now.id}`],
    ['state', now.state],
    ['done', now.done],
    ['summary', now.summary],
  ])
  for (const p of now.problems) out.warn(`${p.batch}: ${p.problem}: ${p.detail}`)
  if (now.state === 'failed' || now.state === 'stopped') exit('failed')
  else if (now.problems.length > 0) exit('findings')
  return now
}
