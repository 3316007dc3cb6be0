import { PanoptesError, type PermissionRole } from '@panoptes/contract/ingest'
import { type ClusterAccess, kubeClient } from '../watch/index.ts'
import { lookAtCluster } from './look.ts'
import { missingPermissions } from './permissions.ts'

/** Looks at a cluster once, for `--look`: who it is and what it refuses, or the code and the reason why it cannot be looked at. Never throws. */
export async function lookOnce(read: () => ClusterAccess, roles: readonly PermissionRole[]): Promise<object> {
  try {
    const access = read()
    const client = kubeClient(access)
    try {
      const { uid, version, orchestration, served } = await lookAtCluster(client)
      const missing = await missingPermissions(client, roles, served)
      return { server: access.server, uid, version, orchestration, missing }
    } finally {
      client.close()
    }
  } catch (error) {
    const { code, message } = error instanceof PanoptesError ? error : new PanoptesError('PAN0503', (error as Error).message)
    return { code, detail: message }
  }
}
