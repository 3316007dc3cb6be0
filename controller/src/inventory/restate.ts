import type { Kind } from './kinds.ts'
import type { Narrator } from './narrator.ts'
import type { InventoryStore } from './store.ts'
import type { Teller } from './teller.ts'

const page = 500

/**
 * Tells all objects of a kind again, as they are remembered on disk: no day of the record needs another to say what there was, so that retention
 * tears nothing and a question reads two days at most.
 */
export async function restate(kind: Kind, { store, teller, narrator }: { store: InventoryStore; teller: Teller; narrator: Narrator }): Promise<void> {
  const said = narrator.said(kind.resource)
  if (!said) return
  await teller.flush()
  const began = teller.moment()
  for (let after = ''; ; ) {
    const objects = store.page(kind.resource, after, page)
    for (const stored of objects) narrator.again(kind, stored)
    await teller.flush()
    if (objects.length < page) break
    after = objects.at(-1)!.object.uid
  }
  narrator.saidAll(kind, began, said.version)
  await teller.flush()
}
