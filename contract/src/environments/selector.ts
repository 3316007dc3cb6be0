/** One requirement of a label selector: an operator over one key, as in Kubernetes' `matchExpressions`. */
export interface LabelRequirement {
  key: string
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  values: readonly string[]
}

const key = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/
const value = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/
const equality = /^([^\s=!,()]+)\s*(==|=|!=)\s*([^\s=!,()]*)$/
const set = /^([^\s=!,()]+)\s+(in|notin)\s*\(([^()]*)\)$/
const presence = /^(!?)\s*([^\s=!,()]+)$/

/**
 * Reads a label selector as kubectl takes it (`-l`): `team=shop,tier!=test,stage in (prod, live),!legacy`; all requirements must hold, none is everything.
 * @throws Error whose message names the part that cannot be read
 */
export function parseLabelSelector(text: string): LabelRequirement[] {
  if (text.trim() === '') return []
  // Commas within brackets part values, not requirements.
  return text.split(/,(?![^()]*\))/).map((part) => requirementOf(part.trim()))
}

function requirementOf(part: string): LabelRequirement {
  const [, name, sign, one] = equality.exec(part) ?? []
  if (name !== undefined) return checked(part, { key: name, operator: sign === '!=' ? 'NotIn' : 'In', values: [one ?? ''] })
  const [, member, word, list] = set.exec(part) ?? []
  if (member !== undefined) {
    const values = (list ?? '').split(',').map((item) => item.trim())
    return checked(part, { key: member, operator: word === 'in' ? 'In' : 'NotIn', values })
  }
  const [, not, present] = presence.exec(part) ?? []
  if (present !== undefined) return checked(part, { key: present, operator: not ? 'DoesNotExist' : 'Exists', values: [] })
  throw new Error(`“${part}” is no requirement: expected key=value, key!=value, key in (a,b), key notin (a,b), key or !key`)
}

function checked(part: string, requirement: LabelRequirement): LabelRequirement {
  if (!key.test(requirement.key)) throw new Error(`“${part}”: ${requirement.key} is no label’s key`)
  const wrong = requirement.values.find((one) => !value.test(one))
  if (wrong !== undefined) throw new Error(`“${part}”: ${wrong} is no label’s value`)
  return requirement
}

/** Whether labels meet all requirements; a key that is not there meets `NotIn`, as in Kubernetes. */
export function selectorMatches(requirements: readonly LabelRequirement[], labels: Readonly<Record<string, string>>): boolean {
  return requirements.every(({ key: name, operator, values }) => {
    const has = Object.hasOwn(labels, name)
    if (operator === 'Exists') return has
    if (operator === 'DoesNotExist') return !has
    return (has && values.includes(labels[name]!)) === (operator === 'In')
  })
}
