import { Button, Checkbox, NumberInput, TextInput } from '@mantine/core'
import { type ApiToken, accessRoutes, type GrantableScope } from '@panoptes/contract'
import { IconKey } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { useAddress } from '../../address/index.ts'
import { formatAgo, formatTime } from '../../format/index.ts'
import { Command, Confirm, Dialog, Empty, Failure, partClasses, Status } from '../../parts/index.ts'
import { client, queryClient, useCall, useChange, useMay, useSession } from '../../platform/index.ts'
import type { TableColumn } from '../../table/index.ts'
import { ListPage } from './list.tsx'

const refresh = [accessRoutes.listTokens.operationId]

/** API tokens: for scripts and the command line; each shown once. */
export function Tokens() {
  const { address, set, utc } = useAddress()
  const all = useMay('users:read')
  const answer = useCall(accessRoutes.listTokens, { query: { limit: 1_000, all: all ? 'true' : 'false' } })
  const [secret, setSecret] = useState('')
  const columns = useMemo((): TableColumn<ApiToken>[] => {
    const now = Date.now()
    return [
      { id: 'name', header: 'Name', value: (t) => t.name, width: 160, grow: true },
      { id: 'prefix', header: 'Begins with', value: (t) => t.prefix, cell: (t) => <code>{t.prefix}…</code>, width: 130 },
      { id: 'user', header: 'Of', value: (t) => t.userEmail, width: 190, facet: true },
      { id: 'scopes', header: 'May', value: (t) => t.scopes.join(' '), width: 220, grow: true },
      {
        id: 'expires',
        header: 'Expires',
        value: (t) => t.expiresAt ?? '',
        width: 130,
        cell: (t) =>
          t.expiresAt && Date.parse(t.expiresAt) < now ? <Status tone="none">expired</Status> : t.expiresAt ? formatAgo(t.expiresAt, now) : 'never',
      },
      { id: 'used', header: 'Last used', value: (t) => t.lastUsedAt ?? '', cell: (t) => formatAgo(t.lastUsedAt, now), width: 110 },
      { id: 'created', header: 'Made', value: (t) => t.createdAt, cell: (t) => formatTime(t.createdAt, utc), width: 150, optional: true },
      {
        id: 'actions',
        header: 'Actions',
        value: () => '',
        fixed: true,
        width: 90,
        cell: (t) => (
          <Confirm
            label="Revoke"
            title={`Revoke ${t.name}?`}
            confirm="Revoke"
            onConfirm={() => client.call(accessRoutes.deleteToken, { params: { id: t.id } }).then(() => queryClient.invalidateQueries({ queryKey: refresh }))}
          >
            Whatever uses it is refused from now on.
          </Confirm>
        ),
      },
    ]
  }, [utc])
  return (
    <ListPage
      title="API tokens"
      lead="For scripts and the command line: Authorization: Bearer …"
      aside={
        <Button size="xs" onClick={() => set({ view: 'new' })}>
          New token
        </Button>
      }
      answer={answer}
      rowsOf={(a) => a.tokens}
      columns={columns}
      rowKey={(t) => t.id}
      empty={
        <Empty icon={<IconKey size={28} stroke={1.4} />} title="No API token yet">
          A token lets a script do what you may do, or less, until it expires or is revoked.
        </Empty>
      }
    >
      <Dialog opened={address.view === 'new'} onClose={() => set({ view: undefined })} title="New API token">
        {address.view === 'new' && (
          <NewToken
            done={(made) => {
              set({ view: undefined })
              setSecret(made)
            }}
          />
        )}
      </Dialog>
      <Dialog opened={secret !== ''} onClose={() => setSecret('')} title="Your token, shown this once">
        <div className={partClasses.form}>
          <Command text={secret} what="the token" />
          <div className="dim">Only a fingerprint of it is kept. Who loses it makes a new one.</div>
        </div>
      </Dialog>
    </ListPage>
  )
}

function NewToken({ done }: { done: (secret: string) => void }) {
  const { scopes } = useSession()
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<string[]>(['record:read'])
  const [days, setDays] = useState<string | number>(90)
  const create = useChange(accessRoutes.createToken, refresh, (answer) => done(answer.secret))
  return (
    <form
      className={partClasses.form}
      onSubmit={(event) => {
        event.preventDefault()
        create.mutate({ body: { name, scopes: chosen as GrantableScope[], expiresInDays: Number(days) || undefined } })
      }}
    >
      <TextInput label="Name" placeholder="nightly export" value={name} onChange={(e) => setName(e.currentTarget.value)} required data-autofocus />
      <Checkbox.Group label="It may" value={chosen} onChange={setChosen}>
        <div style={{ display: 'grid', gap: 6, marginTop: 6 }}>
          {scopes.map((scope) => (
            <Checkbox key={scope} size="xs" value={scope} label={scope} />
          ))}
        </div>
      </Checkbox.Group>
      <NumberInput label="Expires in days" description="Empty: never" value={days} onChange={setDays} min={1} max={3_650} hideControls />
      {create.error && <Failure error={create.error} />}
      <Button type="submit" loading={create.isPending} disabled={!name.trim() || chosen.length === 0}>
        Make the token
      </Button>
    </form>
  )
}
