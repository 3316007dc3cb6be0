import { inventoryRoutes } from '@panoptes/contract'
import { momentOf, useAddress } from '../../address/index.ts'
import { formatCount } from '../../format/index.ts'
import { useCall } from '../../platform/index.ts'
import { Choice, InventoryPage } from './inventory-page.tsx'
import * as ofObjects from './nouns-of-objects.tsx'
import * as ofRunning from './nouns-of-running.tsx'
import { spans } from './use-rows.ts'

export const WorkloadsPage = () => <InventoryPage noun={ofRunning.workloads} />
export const ImagesPage = () => <InventoryPage noun={ofRunning.images} />
export const PodsPage = () => <InventoryPage noun={ofObjects.pods} />
export const NodesPage = () => <InventoryPage noun={ofObjects.nodes} />
export const NamespacesPage = () => <InventoryPage noun={ofObjects.namespaces} />
export const ServicesPage = () => <InventoryPage noun={ofObjects.services} />
export const GatewaysPage = () => <InventoryPage noun={ofObjects.gateways} />

/** Containers of one moment, or all lives of a while before it: those that died are among them. */
export function ContainersPage() {
  const { address, set } = useAddress()
  const pick = (span: string) => set({ span }, { replace: true })
  return (
    <InventoryPage
      noun={ofRunning.containers}
      tools={address.with === undefined && <Choice label="Which lives" value={address.span ?? ''} data={spans} onPick={pick} />}
    />
  )
}

/** Every kind of object that is watched. */
export function ObjectsPage() {
  const { address, set } = useAddress()
  const counts = useCall(inventoryRoutes.getInventory, { query: { at: momentOf(address), environment: address.env } }, { fresh: 30_000 })
  const kinds = new Map<string, number>()
  for (const { kind, objects } of counts.data?.kinds ?? []) kinds.set(kind, (kinds.get(kind) ?? 0) + objects)
  if (address.kind && !kinds.has(address.kind)) kinds.set(address.kind, 0)
  const data = [...kinds].sort(([a], [b]) => a.localeCompare(b)).map(([kind, objects]) => ({ value: kind, label: `${kind} (${formatCount(objects)})` }))
  return (
    <InventoryPage
      noun={ofObjects.objects}
      tools={
        <Choice
          label="Which kind"
          value={address.kind ?? ''}
          data={[{ value: '', label: 'All kinds' }, ...data]}
          onPick={(kind) => set({ kind }, { replace: true })}
        />
      }
    />
  )
}
