import { Button, Checkbox, Group, Progress, SegmentedControl, TextInput } from '@mantine/core'
import { trafficRoutes } from '@panoptes/contract'
import { IconDownload } from '@tabler/icons-react'
import { useRef, useState } from 'react'
import { questionOf, useAddress } from '../../address/index.ts'
import { formatBytes, formatCount } from '../../format/index.ts'
import { Command, Dialog, Failure } from '../../parts/index.ts'
import { client } from '../../platform/index.ts'
import { download, type ExportProgress } from './download.ts'
import { asCommand } from './prepare-access.ts'
import { defaultShown, fieldsFor } from './prepare-columns.tsx'

type Format = 'ndjson' | 'csv' | 'parquet' | 'text'

/** Everything that matches as a file: format, prefix of each line, progress, and a way to stop. */
export function ExportButton() {
  const [opened, setOpened] = useState(false)
  return (
    <>
      <Button size="xs" h={32} variant="default" leftSection={<IconDownload size={14} />} onClick={() => setOpened(true)}>
        Export
      </Button>
      <Dialog opened={opened} onClose={() => setOpened(false)} title="Export what is found" size={520}>
        {opened && <ExportForm />}
      </Dialog>
    </>
  )
}

function ExportForm() {
  const { address } = useAddress()
  const [format, setFormat] = useState<Format>('ndjson')
  const [prefix, setPrefix] = useState('')
  const [all, setAll] = useState(true)
  const [progress, setProgress] = useState<ExportProgress>()
  const [error, setError] = useState<unknown>()
  const stop = useRef<AbortController>(undefined)
  const question = questionOf(address)
  const fields = all ? undefined : fieldsFor(address.fields?.split(',') ?? defaultShown)
  const start = async () => {
    setError(undefined)
    stop.current = new AbortController()
    try {
      const { signal } = stop.current
      const response = await client.open(trafficRoutes.exportAccesses, {
        query: { ...question, format, prefix: format === 'parquet' ? '' : prefix, fields },
        signal,
      })
      await download(response, `accesses.${format === 'text' ? 'log' : format}`, setProgress)
    } catch (failure) {
      if (!stop.current.signal.aborted) setError(failure)
      setProgress(undefined)
    }
  }
  const more = [`--format ${format}`, ...(prefix && format !== 'parquet' ? [`--prefix '${prefix.replaceAll("'", `'\\''`)}'`] : [])]
  const running = progress !== undefined && !progress.done
  return (
    <div style={{ display: 'grid', gap: 14 }}>
      <SegmentedControl
        aria-label="Format"
        value={format}
        onChange={(value) => setFormat(value as Format)}
        data={[
          { value: 'ndjson', label: 'NDJSON' },
          { value: 'csv', label: 'CSV' },
          { value: 'parquet', label: 'Parquet' },
          { value: 'text', label: 'Text' },
        ]}
      />
      <TextInput
        label="Prefix of every line"
        description={format === 'parquet' ? 'Parquet has no lines' : 'Stands before each physical line; control characters in any field are escaped'}
        placeholder="EVIDENCE "
        value={prefix}
        disabled={format === 'parquet'}
        onChange={(e) => setPrefix(e.currentTarget.value)}
      />
      <Checkbox label="All fields, not only the columns shown" checked={all} onChange={(e) => setAll(e.currentTarget.checked)} />
      {error !== undefined && <Failure error={error} />}
      {progress && (
        <div role="status">
          <Progress value={progress.done ? 100 : progress.total ? (progress.rows / progress.total) * 100 : 100} animated={running} aria-label="Export" />
          <div className="dim" style={{ marginTop: 6 }}>
            {progress.rows > 0 && `${formatCount(progress.rows)} of ${progress.total === undefined ? 'unknown' : formatCount(progress.total)} accesses, `}
            {formatBytes(progress.bytes)}
            {progress.done ? ': saved' : ''}
          </div>
        </div>
      )}
      <Group justify="flex-end">
        {running && (
          <Button variant="default" onClick={() => stop.current?.abort()}>
            Stop
          </Button>
        )}
        <Button onClick={() => void start()} loading={running}>
          Export
        </Button>
      </Group>
      <Command text={asCommand(question, 'export', more)} />
    </div>
  )
}
