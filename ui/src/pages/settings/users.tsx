import { Button, Group, Select, TextInput } from '@mantine/core'
import { accessRoutes, Role, type User } from '@panoptes/contract'
import { IconUsers } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { useAddress } from '../../address/index.ts'
import { formatAgo, formatTime } from '../../format/index.ts'
import { Command, Confirm, Dialog, Empty, Failure, partClasses, Status } from '../../parts/index.ts'
import { client, queryClient, useCall, useChange, useMay, useSession } from '../../platform/index.ts'
import type { TableColumn } from '../../table/index.ts'
import { ListPage } from './list.tsx'

const refresh = [accessRoutes.listUsers.operationId]
const roles = Role.options.map((value) => ({ value, label: value }))
const again = () => queryClient.invalidateQueries({ queryKey: refresh })
const roleWords = 'Admins do everything, editors save and acknowledge, viewers look, auditors also read the audit log and settings.'

/** People, their roles, and the one-time links by which they come in. */
export function Users() {
  const { utc } = useAddress()
  const may = useMay('users:write')
  const me = useSession().user.id
  const [adding, setAdding] = useState(false)
  const [link, setLink] = useState('')
  const answer = useCall(accessRoutes.listUsers, { query: { limit: 1_000 } })
  const update = useChange(accessRoutes.updateUser, refresh)
  const { mutate } = update
  const columns = useMemo((): TableColumn<User>[] => {
    const now = Date.now()
    const makeLink = async (id: string) => setLink((await client.call(accessRoutes.createSignInLink, { params: { id } })).link)
    return [
      { id: 'name', header: 'Name', value: (u) => u.name, width: 160, grow: true },
      { id: 'email', header: 'E-mail', value: (u) => u.email, width: 200, grow: true },
      {
        id: 'role',
        header: 'Role',
        value: (u) => u.role,
        width: 124,
        facet: true,
        cell: (u) =>
          may && u.id !== me ? (
            <Select
              size="xs"
              variant="unstyled"
              aria-label={`Role of ${u.name}`}
              data={roles}
              value={u.role}
              allowDeselect={false}
              onChange={(role) => role && mutate({ params: { id: u.id }, body: { role: role as Role } })}
            />
          ) : (
            u.role
          ),
      },
      {
        id: 'state',
        header: 'State',
        value: (u) => (u.disabled ? 'disabled' : 'active'),
        cell: (u) => <Status tone={u.disabled ? 'none' : 'ok'}>{u.disabled ? 'disabled' : 'active'}</Status>,
        width: 96,
        facet: true,
      },
      { id: 'seen', header: 'Last seen', value: (u) => u.lastSeenAt ?? '', cell: (u) => formatAgo(u.lastSeenAt, now), width: 110 },
      { id: 'created', header: 'Since', value: (u) => u.createdAt, cell: (u) => formatTime(u.createdAt, utc), width: 150, optional: true },
      {
        id: 'actions',
        header: 'Actions',
        value: () => '',
        fixed: true,
        width: may ? 250 : 10,
        cell: (u) =>
          may && u.id !== me ? (
            <Group gap={6} wrap="nowrap">
              <Button size="compact-xs" variant="default" onClick={() => void makeLink(u.id)}>
                New link
              </Button>
              <Button size="compact-xs" variant="default" onClick={() => mutate({ params: { id: u.id }, body: { disabled: !u.disabled } })}>
                {u.disabled ? 'Enable' : 'Disable'}
              </Button>
              <Confirm
                label="Delete"
                title={`Delete ${u.name}?`}
                confirm="Delete"
                onConfirm={() => client.call(accessRoutes.deleteUser, { params: { id: u.id } }).then(again)}
              >
                Their sessions and API tokens end at once. What they did stays in the audit log.
              </Confirm>
            </Group>
          ) : null,
      },
    ]
  }, [may, me, utc, mutate])
  return (
    <ListPage
      title="Users"
      lead={roleWords}
      aside={
        may && (
          <Button size="xs" onClick={() => setAdding(true)}>
            Add a user
          </Button>
        )
      }
      answer={answer}
      rowsOf={(a) => a.users}
      columns={columns}
      rowKey={(u) => u.id}
      empty={<Empty icon={<IconUsers size={28} stroke={1.4} />} title="Nobody matches" />}
    >
      {update.error && <Failure error={update.error} />}
      <Dialog opened={adding} onClose={() => setAdding(false)} title="Add a user">
        {adding && (
          <AddUser
            done={(made) => {
              setAdding(false)
              setLink(made)
            }}
          />
        )}
      </Dialog>
      <Dialog opened={link !== ''} onClose={() => setLink('')} title="A sign-in link, shown this once">
        <div className={partClasses.form}>
          <div className="dim">It works once. Hand it over on a way that only they can read.</div>
          <Command text={link} what="the link" />
        </div>
      </Dialog>
    </ListPage>
  )
}

function AddUser({ done }: { done: (link: string) => void }) {
  const [email, setEmail] = useState('')
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('viewer')
  const create = useChange(accessRoutes.createUser, refresh, (answer) => done(answer.signIn.link))
  return (
    <form
      className={partClasses.form}
      onSubmit={(event) => {
        event.preventDefault()
        create.mutate({ body: { email, name, role } })
      }}
    >
      <TextInput label="Name" value={name} onChange={(e) => setName(e.currentTarget.value)} required data-autofocus />
      <TextInput label="E-mail" type="email" value={email} onChange={(e) => setEmail(e.currentTarget.value)} required />
      <Select label="Role" description={roleWords} data={roles} value={role} allowDeselect={false} onChange={(value) => value && setRole(value as Role)} />
      {create.error && <Failure error={create.error} />}
      <Button type="submit" loading={create.isPending}>
        Add
      </Button>
    </form>
  )
}
