import { Button, Group, Input, Textarea, TextInput, Tooltip } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { clusterRoutes, type Environment, environmentColors, environmentRoutes, inventoryRoutes } from '@panoptes/contract'
import { IconCheck, IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { momentOf, useAddress } from '../../address/index.ts'
import { Card, Failure, Waiting } from '../../parts/index.ts'
import { useCall, useChange, useMay } from '../../platform/index.ts'
import classes from './environments.module.css'
import { Match } from './match.tsx'
import { draftOf, type RuleDraft, ruleOf, withRule, wrongIn } from './prepare-environments.ts'
import { RuleFields } from './rule-fields.tsx'

/** Makes or changes an environment, with what its rules take beside them as they are typed. */
export function EnvironmentForm({ known }: { known: Environment | undefined }) {
  const { address, set } = useAddress()
  const [draft, setDraft] = useState(() => draftOf(known))
  const refresh = [environmentRoutes.listEnvironments, environmentRoutes.matchEnvironment].map((route) => route.operationId)
  const done = ({ name }: Environment) => set({ view: undefined, open: name, env: address.env === known?.name && known ? name : address.env })
  const create = useChange(environmentRoutes.createEnvironment, refresh, done)
  const update = useChange(environmentRoutes.updateEnvironment, refresh, done)
  const change = known ? update : create
  const clusters = useCall(clusterRoutes.listClusters, { query: { limit: 1_000 } }, { fresh: 30_000 })
  const namespaces = useCall(inventoryRoutes.listObjects, { query: { kind: 'Namespace', at: momentOf(address), limit: 10_000 } }, { fresh: 30_000 })
  const wrong = draft.rules.some(({ labels }) => wrongIn(labels))
  const edit = (rule: RuleDraft) => setDraft({ ...draft, rules: draft.rules.map((one) => (one.id === rule.id ? rule : one)) })
  if (!useMay('settings:write')) return <Card>Ask an administrator to {known ? `change ${known.name}` : 'make an environment'}.</Card>
  const submit = () => {
    const body = { name: draft.name, description: draft.description, color: draft.color, rules: draft.rules.map(ruleOf) }
    if (known) update.mutate({ params: { environment: known.id }, body })
    else create.mutate({ body })
  }
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (!wrong) submit()
      }}
    >
      <Card title="What it is">
        <div className={classes.fields}>
          <TextInput
            size="xs"
            label="Name"
            required
            maxLength={63}
            data-autofocus
            value={draft.name}
            onChange={(event) => setDraft({ ...draft, name: event.currentTarget.value })}
          />
          <Colors value={draft.color} onPick={(color) => setDraft({ ...draft, color })} />
          <Textarea
            size="xs"
            className={classes.wide}
            label="Description"
            autosize
            maxLength={500}
            value={draft.description}
            onChange={(event) => setDraft({ ...draft, description: event.currentTarget.value })}
          />
        </div>
      </Card>
      <Card title="What belongs to it">
        <p className={classes.lead}>
          A namespace belongs to it where a rule takes it: its cluster, its name and its labels. Namespaces that come later belong to it by themselves.
        </p>
        <div className={classes.rules}>
          {draft.rules.map((rule, index) => (
            <RuleFields
              key={rule.id}
              number={index + 1}
              rule={rule}
              clusters={clusters.data?.clusters.map(({ name }) => name) ?? []}
              namespaces={namespaces.data?.objects.map(({ cluster, name }) => ({ cluster, namespace: name })) ?? []}
              onChange={edit}
              onRemove={draft.rules.length > 1 ? () => setDraft({ ...draft, rules: draft.rules.filter(({ id }) => id !== rule.id) }) : undefined}
            />
          ))}
        </div>
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<IconPlus size={13} />}
          onClick={() => setDraft({ ...draft, rules: withRule(draft.rules) })}
          disabled={draft.rules.length >= 100}
        >
          Another rule
        </Button>
      </Card>
      <Preview rules={draft.rules} wrong={wrong} />
      <div className={classes.submit}>
        {change.error && <Failure error={change.error} />}
        <Group gap="sm">
          <Button size="xs" type="submit" loading={change.isPending} disabled={draft.name.trim() === '' || wrong}>
            {known ? 'Save' : 'Make the environment'}
          </Button>
          <Button size="xs" variant="default" onClick={() => set({ view: undefined })}>
            Cancel
          </Button>
        </Group>
      </div>
    </form>
  )
}

/** What the rules take at the moment of the page, a moment after they were typed. */
function Preview({ rules, wrong }: { rules: RuleDraft[]; wrong: boolean }) {
  const { address } = useAddress()
  const [settled] = useDebouncedValue(rules, 250)
  const answer = useCall(
    environmentRoutes.previewEnvironment,
    { query: { at: momentOf(address), limit: 500 }, body: { rules: settled.map(ruleOf) } },
    { enabled: !wrong && settled.every(({ labels }) => wrongIn(labels) === undefined), fresh: 5_000 },
  )
  return (
    <section className={classes.preview} aria-label="What the rules take">
      <Card title="What the rules take">
        {answer.error && <Failure error={answer.error} retry={() => void answer.refetch()} />}
        {!answer.data && !answer.error && <Waiting what="namespaces" lines={5} />}
        {answer.data && (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
          <div className={classes.scroll} tabIndex={0}>
            <Match match={answer.data} />
          </div>
        )}
      </Card>
    </section>
  )
}

function Colors({ value, onPick }: { value: Environment['color']; onPick: (color: Environment['color']) => void }) {
  return (
    <div>
      <Input.Label component="div" size="xs" id="environment-color">
        Colour
      </Input.Label>
      <div role="radiogroup" aria-labelledby="environment-color" className={classes.colors}>
        {environmentColors.map((color) => (
          <Tooltip key={color} label={color} withArrow>
            <label className={classes.color}>
              <input type="radio" name="color" value={color} checked={value === color} onChange={() => onPick(color)} aria-label={color} />
              <span style={{ background: `var(--mantine-color-${color}-6)` }}>{value === color && <IconCheck size={13} color="#fff" aria-hidden />}</span>
            </label>
          </Tooltip>
        ))}
      </div>
    </div>
  )
}
