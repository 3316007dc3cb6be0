import { ActionIcon, MultiSelect, TagsInput, TextInput } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import classes from './environments.module.css'
import { type RuleDraft, wrongIn } from './prepare-environments.ts'

interface RuleFieldsProps {
  number: number
  rule: RuleDraft
  /** Names that there are. */
  clusters: readonly string[]
  namespaces: readonly { cluster: string; namespace: string }[]
  onChange: (rule: RuleDraft) => void
  /** Absent where it is the only one. */
  onRemove?: (() => void) | undefined
}

/** One rule: clusters, names and labels of namespaces, all of which must hold. */
export function RuleFields({ number, rule, clusters, namespaces, onChange, onRemove }: RuleFieldsProps) {
  const here = namespaces.filter(({ cluster }) => rule.clusters.length === 0 || rule.clusters.includes(cluster)).map(({ namespace }) => namespace)
  return (
    <fieldset className={classes.rule}>
      <legend>Rule {number}</legend>
      {onRemove && (
        <ActionIcon className={classes.remove} variant="subtle" color="gray" size={26} onClick={onRemove} aria-label={`Remove rule ${number}`}>
          <IconTrash size={15} />
        </ActionIcon>
      )}
      <MultiSelect
        size="xs"
        label="Clusters"
        placeholder={rule.clusters.length > 0 ? '' : 'All clusters'}
        data={[...new Set([...clusters, ...rule.clusters])].sort()}
        value={rule.clusters}
        onChange={(value) => onChange({ ...rule, clusters: value })}
        searchable
        clearable
        clearButtonProps={{ 'aria-label': 'All clusters' }}
        nothingFoundMessage="No cluster of this name"
      />
      <TagsInput
        size="xs"
        label="Namespaces"
        placeholder={rule.namespaces.length > 0 ? '' : 'All namespaces'}
        data={[...new Set(here)].sort()}
        value={rule.namespaces}
        onChange={(value) => onChange({ ...rule, namespaces: value })}
        splitChars={[',', ' ']}
        acceptValueOnBlur
        clearable
        clearButtonProps={{ 'aria-label': 'All namespaces' }}
        maxDropdownHeight={220}
      />
      <TextInput
        size="xs"
        className={classes.wide}
        label="Labels of the namespaces"
        placeholder="Whatever their labels; or stage in (prod, live), team=shop, !legacy"
        value={rule.labels}
        error={wrongIn(rule.labels)}
        onChange={(event) => onChange({ ...rule, labels: event.currentTarget.value })}
        spellCheck={false}
      />
    </fieldset>
  )
}
