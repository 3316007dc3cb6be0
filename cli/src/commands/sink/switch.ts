import { PanoptesError, trafficRoutes } from '@panoptes/contract'
import type { Run } from '../../core/index.ts'

/** Switches a forwarding, named by id or name, on or off. Throws PAN0007. */
export async function switchSink({ args, out, client, signal }: Run, enabled: boolean): Promise<void> {
  const { sinks } = await client().call(trafficRoutes.listSinks, { signal })
  const found = sinks.find((s) => s.id === args[0] || s.name === args[0])
  if (!found) throw new PanoptesError('PAN0007', `there is no forwarding ${args[0]}`, { hint: '`panoptes sink list` names all.' })
  const { id, name, kind, target, query, prefix, format } = found
  await client().call(trafficRoutes.updateSink, { params: { id }, body: { name, kind, target, query, prefix, format, enabled }, signal })
  out.say(`${name} is ${enabled ? 'on' : 'off'}.`)
}
