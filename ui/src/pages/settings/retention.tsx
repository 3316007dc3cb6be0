import { Button, NumberInput, Progress, Switch, TextInput } from '@mantine/core'
import { systemRoutes } from '@panoptes/contract'
import { useState } from 'react'
import { formatBytes, formatCount, formatSpan } from '../../format/index.ts'
import { Card, Confirm, Failure, Page, partClasses, Waiting } from '../../parts/index.ts'
import { client, queryClient, sessionQuery, useCall, useChange, useMay, useSession } from '../../platform/index.ts'
import { forecastWords } from '../overview/prepare-overview.ts'
import { parseSize, printSize } from './prepare-retention.ts'

/** How long and how much is kept, when the disk is full, and the demo with its way out. */
export function Retention() {
  const settings = useCall(systemRoutes.getSettings, {})
  const status = useCall(systemRoutes.getStatus, {}, { every: 10_000 })
  const { server } = useSession()
  const may = useMay('settings:write')
  return (
    <Page title="Retention">
      <div className={partClasses.columns}>
        <Card title="What is kept">
          {settings.error && <Failure error={settings.error} />}
          {settings.data ? <Form key={JSON.stringify(settings.data)} settings={settings.data} may={may} /> : !settings.error && <Waiting what="settings" />}
        </Card>
        <div style={{ display: 'grid', gap: 12, alignContent: 'start' }}>
          <Card title="Disk">{status.data ? <Disk status={status.data} /> : <Waiting what="the disk" />}</Card>
          {server.demo && (
            <Card title="The demo bank">
              <p className="dim" style={{ marginTop: 0 }}>
                A bank that does not exist, to see how this looks with traffic. Its accesses are marked <code>origin=demo</code> and never mixed into yours.
              </p>
              <Confirm
                size="xs"
                disabled={!may}
                label="Remove the demo"
                title="Remove the demo bank?"
                confirm="Remove it"
                onConfirm={async () => {
                  await client.call(systemRoutes.removeDemo, {})
                  await queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey })
                  await queryClient.invalidateQueries()
                }}
              >
                It stops, and everything it has written is removed. Yours stays untouched. <code>npm start</code> with an empty data folder brings it back.
              </Confirm>
            </Card>
          )}
        </div>
      </div>
    </Page>
  )
}

type SettingsValue = NonNullable<ReturnType<typeof useCall<typeof systemRoutes.getSettings>>['data']>
type StatusValue = NonNullable<ReturnType<typeof useCall<typeof systemRoutes.getStatus>>['data']>

function Disk({ status }: { status: StatusValue }) {
  const { disk, rows, oldestRow } = status
  if (!disk) return <div className="dim">The record is not on this machine: its own disk is watched there.</div>
  const used = disk.totalBytes - disk.freeBytes
  return (
    <div className={partClasses.form}>
      <Progress.Root size={14}>
        <Progress.Section value={(disk.recordBytes / disk.totalBytes) * 100} color="var(--series-1)" aria-label="Record" />
        <Progress.Section value={((used - disk.recordBytes) / disk.totalBytes) * 100} color="var(--hatch)" aria-label="Everything else" />
      </Progress.Root>
      <div>
        <strong>{formatBytes(disk.recordBytes)}</strong> record
        {rows !== null && `, ${formatCount(rows)} accesses`}
        {oldestRow && ` since ${formatSpan(Date.now() - Date.parse(oldestRow))}`}
      </div>
      <div className="dim">
        {forecastWords(disk, Date.now())}. {disk.bytesPerDay !== null && `${formatBytes(disk.bytesPerDay)} a day. `}Below {formatBytes(disk.floorBytes)} free,
        ingest stops until there is more.
      </div>
    </div>
  )
}

function Form({ settings, may }: { settings: SettingsValue; may: boolean }) {
  const [days, setDays] = useState<string | number>(settings.retention.days ?? '')
  const [size, setSize] = useState(printSize(settings.retention.bytes))
  const [floor, setFloor] = useState(printSize(settings.disk.floorBytes))
  const [redact, setRedact] = useState(settings.redactQuery)
  const save = useChange(systemRoutes.updateSettings, [systemRoutes.getSettings.operationId, systemRoutes.getStatus.operationId])
  const bytes = parseSize(size)
  const floorBytes = parseSize(floor)
  return (
    <form
      className={partClasses.form}
      style={{ maxWidth: 420 }}
      onSubmit={(event) => {
        event.preventDefault()
        if (bytes === undefined || floorBytes === undefined) return
        save.mutate({
          body: {
            retention: { days: Number(days) || null, bytes },
            disk: floor === printSize(settings.disk.floorBytes) ? undefined : { floorBytes: floorBytes ?? 0 },
            redactQuery: redact,
          },
        })
      }}
    >
      <NumberInput
        label="Keep accesses for (days)"
        description="Empty: no limit by age"
        value={days}
        onChange={setDays}
        min={1}
        max={36_500}
        hideControls
        disabled={!may}
      />
      <TextInput
        label="Keep at most"
        description="As 500 GiB; the oldest day goes first. Empty: no limit by size"
        value={size}
        onChange={(e) => setSize(e.currentTarget.value)}
        error={bytes === undefined && 'A number with MiB, GiB or TiB'}
        disabled={!may}
      />
      <TextInput
        label="Stop taking in below this much free disk"
        value={floor}
        onChange={(e) => setFloor(e.currentTarget.value)}
        error={floorBytes === undefined && 'A number with MiB, GiB or TiB'}
        disabled={!may}
      />
      <Switch
        label="Replace the values of query strings by * in the controllers"
        checked={redact}
        onChange={(e) => setRedact(e.currentTarget.checked)}
        disabled={!may}
      />
      {save.error && <Failure error={save.error} />}
      {may && (
        <Button type="submit" loading={save.isPending} w="fit-content">
          Save
        </Button>
      )}
      {save.isSuccess && <span role="status">Saved.</span>}
    </form>
  )
}
