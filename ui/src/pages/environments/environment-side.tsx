import { Button } from '@mantine/core'
import { describeRule, type Environment, environmentRoutes } from '@panoptes/contract'
import { IconBox, IconBoxMultiple, IconCube, IconPhoto } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { type Address, comparedMoments, keptAddress, momentOf, useAddress } from '../../address/index.ts'
import { formatTime } from '../../format/index.ts'
import { Confirm, Facts, Failure, Side, Waiting } from '../../parts/index.ts'
import { client, queryClient, useCall, useMay } from '../../platform/index.ts'
import { SideHead } from '../inventory/side-parts.tsx'
import classes from './environments.module.css'
import { Match } from './match.tsx'
import { Swatch } from './swatch.tsx'

/** One environment: its rules, the namespaces that belong to it, and the ways into it. */
export function EnvironmentSide({ environment, opened }: { environment: Environment | undefined; opened: boolean }) {
  const { set } = useAddress()
  return (
    <Side opened={opened} onClose={() => set({ open: undefined })} size={560} label="One environment">
      <div className={classes.side}>{environment ? <Details environment={environment} /> : <SideHead title="There is no such environment" />}</div>
    </Side>
  )
}

const ways = [
  { to: '/workloads', label: 'Workloads', Icon: IconBoxMultiple },
  { to: '/pods', label: 'Pods', Icon: IconBox },
  { to: '/containers', label: 'Containers', Icon: IconCube },
  { to: '/images', label: 'Images', Icon: IconPhoto },
] as const

function Details({ environment }: { environment: Environment }) {
  const { address, set, utc } = useAddress()
  const may = useMay('settings:write')
  const { id, name, description, color, rules, createdAt, createdBy, updatedAt } = environment
  const numbered = rules.map((rule, index) => ({ number: index + 1, words: describeRule(rule) }))
  const moments = comparedMoments(address, Date.now())
  const params = { environment: id }
  const match = useCall(environmentRoutes.matchEnvironment, { params, query: { at: moments?.to ?? momentOf(address) } }, { keep: false })
  const before = useCall(environmentRoutes.matchEnvironment, { params, query: { at: moments?.from } }, { enabled: moments !== undefined, keep: false })
  const inside = ((now: Address) => ({ ...keptAddress(now), env: name, cluster: undefined, ns: undefined })) as never
  return (
    <>
      <SideHead title={<Swatch color={color} name={name} />} path={[description]} />
      <div className={classes.actions}>
        {ways.map(({ to, label, Icon }) => (
          <Button key={to} component={Link} to={to} search={inside} size="compact-xs" variant="default" leftSection={<Icon size={14} />}>
            {label}
          </Button>
        ))}
        {may && (
          <>
            <Button size="compact-xs" variant="default" onClick={() => set({ view: 'edit' })}>
              Edit
            </Button>
            <Confirm
              label="Delete"
              title={`Delete ${name}?`}
              confirm="Delete"
              onConfirm={() =>
                client.call(environmentRoutes.deleteEnvironment, { params }).then(async () => {
                  set({ open: undefined, env: address.env === name ? undefined : address.env })
                  await queryClient.invalidateQueries({ queryKey: [environmentRoutes.listEnvironments.operationId] })
                })
              }
            >
              Its namespaces, what runs in them and their record stay. Links that ask for {name} will say that it is gone.
            </Confirm>
          </>
        )}
      </div>
      <section>
        <h3>Rules</h3>
        <ol className={classes.ruleList}>
          {numbered.map(({ number, words }) => (
            <li key={number}>{words}</li>
          ))}
        </ol>
      </section>
      <section>
        <h3>What belongs to it</h3>
        {match.error && <Failure error={match.error} retry={() => void match.refetch()} />}
        {!match.data && !match.error && <Waiting what="namespaces" lines={5} />}
        {match.data && <Match match={match.data} before={moments && before.data} />}
      </section>
      <Facts facts={{ Made: `${formatTime(createdAt, utc)} by ${createdBy}`, 'Last change': formatTime(updatedAt, utc), Id: <code>{id}</code> }} />
    </>
  )
}
