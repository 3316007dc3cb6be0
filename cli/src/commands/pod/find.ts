import { type Client, inventoryRoutes, PanoptesError } from '@panoptes/contract'

const uid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/

/** UID of a pod that is told by its UID or as namespace/name. Throws PAN0007 where there is none, PAN0003 where there are several. */
export async function podUid(
  client: Client,
  told: string,
  look: { at?: string | undefined; cluster?: string | undefined },
  signal: AbortSignal,
): Promise<string> {
  return uid.test(told) ? told : objectUid(client, 'Pod', told, look, signal)
}

/** The same for an object of any kind, told as namespace/name or name. */
export async function objectUid(
  client: Client,
  kind: string,
  told: string,
  look: { at?: string | undefined; cluster?: string | undefined },
  signal: AbortSignal,
): Promise<string> {
  if (uid.test(told)) return told
  const [namespace, name] = told.includes('/') ? (told.split('/') as [string, string]) : [undefined, told]
  const { objects } = await client.call(inventoryRoutes.listObjects, { query: { ...look, kind, namespace, text: name, limit: 1_000 }, signal })
  const found = objects.filter((object) => object.name === name)
  if (found.length > 1)
    throw new PanoptesError('PAN0003', `${told} is ${found.map((o) => `${o.cluster} ${o.namespace}/${o.name} (${o.uid})`).join(', ')}: say which by its UID`)
  if (!found[0]) throw new PanoptesError('PAN0007', `there is no ${kind} ${told} at that moment; one that is gone is told by its UID`)
  return found[0].uid
}
