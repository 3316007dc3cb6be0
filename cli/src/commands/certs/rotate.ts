import { PanoptesError } from '@panoptes/contract'
import { choice, defineCommand, flag } from '../../core/index.ts'
import { certsOptions, reported } from './make.ts'

export const certsRotate = defineCommand({
  name: 'certs rotate',
  summary: 'Show step by step how to replace the CA certificates of running clusters without an outage',
  details:
    'Nothing is changed: each step has its commands, what must be true before the next, and the way back. A root is replaced by trusting both first, in all ' +
    'clusters, then signing with the new one, then forgetting the old. A cluster’s name is taken as its kubectl context.',
  options: {
    ...certsOptions,
    plan: flag('--plan', 'print the plan'),
    only: choice('--only <what>', 'what to replace; left out: whichever ends first', ['root', 'intermediates']),
  },
  examples: [
    ['panoptes certs rotate -c ./certs --plan', 'the steps for what ends first'],
    ['panoptes certs rotate -c ./certs --plan --only root', 'a new root'],
  ],
  async run(run) {
    const { options, out } = run
    if (!options.plan)
      throw new PanoptesError('PAN0003', 'A rotation takes hours of waiting between its steps: people run them, from the list that --plan prints')
    const report = await reported(run, false)
    if (!report) return
    const { planRotation } = await import('@panoptes/pki')
    const plan = planRotation(report, options.only ? { rotates: options.only } : {})
    if (out.format !== 'table') return out.show(plan)
    out.line(`Replaces the ${plan.rotates}: ${plan.reason}.`)
    for (const [i, step] of plan.steps.entries()) {
      out.line(`\n${out.style('bold', `${i + 1}. ${step.title}`)}\n   ${step.why}`)
      for (const command of step.commands) out.line(`     ${command}`)
      out.line(`   go on when: ${step.until}`)
      out.line(`   way back:   ${step.undo.replaceAll('\n', '\n               ')}`)
    }
  },
})
