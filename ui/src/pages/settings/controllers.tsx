import { Button, Group } from '@mantine/core'
import { accessRoutes, type Controller, type EnrolmentToken } from '@panoptes/contract'
import { IconServerBolt } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { type Address, keptAddress, useAddress } from '../../address/index.ts'
import { formatAgo, formatTime } from '../../format/index.ts'
import { Card, Confirm, Empty, Failure, Page, Status, type Tone, Waiting } from '../../parts/index.ts'
import { client, queryClient, useCall, useMay } from '../../platform/index.ts'
import { DataTable, type TableColumn } from '../../table/index.ts'

const tones: Record<Controller['state'], Tone> = { active: 'ok', silent: 'warn', revoked: 'none', never: 'accent' }
const tokenTones: Record<EnrolmentToken['state'], Tone> = { open: 'accent', used: 'ok', expired: 'none', revoked: 'none' }
const again = (operation: string) => queryClient.invalidateQueries({ queryKey: [operation] })

/** Controllers and the tokens by which they enrol. */
export function Controllers() {
  const { utc } = useAddress()
  const may = useMay('settings:write')
  const controllers = useCall(accessRoutes.listControllers, { query: { limit: 1_000 } }, { every: 10_000 })
  const tokens = useCall(accessRoutes.listEnrolmentTokens, { query: { limit: 1_000 } }, { every: 30_000 })
  const columns = useMemo((): TableColumn<Controller>[] => {
    const now = Date.now()
    return [
      { id: 'state', header: 'State', value: (c) => c.state, cell: (c) => <Status tone={tones[c.state]}>{c.state}</Status>, width: 96, facet: true },
      { id: 'name', header: 'Name', value: (c) => c.name, width: 150, grow: true },
      { id: 'cluster', header: 'Cluster', value: (c) => c.cluster, width: 130, facet: true },
      { id: 'origin', header: 'Origin', value: (c) => c.origin, width: 80, facet: true },
      { id: 'version', header: 'Version', value: (c) => c.version, width: 90 },
      { id: 'address', header: 'Speaks from', value: (c) => c.address, width: 130 },
      { id: 'seen', header: 'Last seen', value: (c) => c.lastSeenAt ?? '', cell: (c) => formatAgo(c.lastSeenAt, now), width: 100 },
      {
        id: 'key',
        header: 'Key',
        value: (c) => c.keyRotatedAt ?? '',
        width: 170,
        cell: (c) =>
          c.rotationPending ? <Status tone="accent">new key waits</Status> : c.keyRotatedAt ? `rotated ${formatAgo(c.keyRotatedAt, now)}` : 'first',
      },
      { id: 'enrolled', header: 'Enrolled', value: (c) => c.enrolledAt, cell: (c) => formatTime(c.enrolledAt, utc), width: 150, optional: true },
      {
        id: 'actions',
        header: 'Actions',
        value: () => '',
        fixed: true,
        width: may ? 190 : 10,
        cell: (c) =>
          may && c.state !== 'revoked' ? (
            <Group gap={6} wrap="nowrap">
              <Confirm
                label="Rotate key"
                title={`A new key for ${c.name}?`}
                confirm="Rotate"
                onConfirm={() =>
                  client.call(accessRoutes.rotateControllerKey, { params: { id: c.id } }).then(() => again(accessRoutes.listControllers.operationId))
                }
              >
                The controller takes the new key at its next heartbeat. The old one works until the new one was used.
              </Confirm>
              <Confirm
                label="Delete"
                title={`Delete ${c.name}?`}
                confirm="Delete"
                onConfirm={() =>
                  client.call(accessRoutes.deleteController, { params: { id: c.id } }).then(() => again(accessRoutes.listControllers.operationId))
                }
              >
                Its key is refused from now on; what waits in its spool does not arrive. What it has recorded stays.
              </Confirm>
            </Group>
          ) : null,
      },
    ]
  }, [may, utc])
  const tokenColumns = useMemo((): TableColumn<EnrolmentToken>[] => {
    const now = Date.now()
    return [
      { id: 'tstate', header: 'State', value: (t) => t.state, cell: (t) => <Status tone={tokenTones[t.state]}>{t.state}</Status>, width: 96, facet: true },
      { id: 'tcluster', header: 'Cluster', value: (t) => t.cluster, width: 150, grow: true },
      { id: 'prefix', header: 'Begins with', value: (t) => t.prefix, cell: (t) => <code>{t.prefix}…</code>, width: 130 },
      { id: 'by', header: 'Made by', value: (t) => t.createdBy, width: 180 },
      { id: 'expires', header: 'Expires', value: (t) => t.expiresAt, cell: (t) => formatAgo(t.expiresAt, now), width: 120 },
      {
        id: 'used',
        header: 'Used',
        value: (t) => t.usedAt ?? '',
        cell: (t) => (t.usedAt ? `${formatAgo(t.usedAt, now)} from ${t.usedFrom ?? '?'}` : '–'),
        width: 200,
      },
      {
        id: 'tactions',
        header: 'Actions',
        value: () => '',
        fixed: true,
        width: may ? 90 : 10,
        cell: (t) =>
          may && t.state === 'open' ? (
            <Confirm
              label="Revoke"
              title="Revoke this enrolment token?"
              confirm="Revoke"
              onConfirm={() =>
                client.call(accessRoutes.deleteEnrolmentToken, { params: { id: t.id } }).then(() => again(accessRoutes.listEnrolmentTokens.operationId))
              }
            >
              No controller can enrol with it any more.
            </Confirm>
          ) : null,
      },
    ]
  }, [may])
  return (
    <Page
      title="Controllers"
      aside={
        may && (
          <Button component={Link} to="/sources" search={((now: Address) => ({ ...keptAddress(now), view: 'connect' })) as never} size="xs">
            Connect a cluster
          </Button>
        )
      }
    >
      {controllers.error && <Failure error={controllers.error} />}
      {!controllers.data && <Waiting what="controllers" />}
      {controllers.data && (
        <Card flush>
          <div style={{ display: 'flex', height: 340 }}>
            <DataTable
              label="Controllers"
              rows={controllers.data.controllers}
              columns={columns}
              rowKey={(c) => c.id}
              rowTone={(c) => (c.state === 'silent' ? 'warn' : undefined)}
              empty={
                <Empty icon={<IconServerBolt size={28} stroke={1.4} />} title="No controller yet">
                  A controller runs beside the proxies of one cluster and brings what they report.
                </Empty>
              }
            />
          </div>
        </Card>
      )}
      {tokens.data && (
        <Card flush title="Enrolment tokens">
          <div style={{ display: 'flex', height: 280, marginTop: 6 }}>
            <DataTable
              label="Enrolment tokens"
              rows={tokens.data.tokens}
              columns={tokenColumns}
              rowKey={(t) => t.id}
              empty={<Empty title="No enrolment token">“Connect a cluster” makes one.</Empty>}
            />
          </div>
        </Card>
      )}
    </Page>
  )
}
