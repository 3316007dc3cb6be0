import { EnvironmentInput } from '@panoptes/contract'
import { describe, expect, it } from 'vitest'
import { draftOf, partsOf, ruleOf, unknownWords, withRule, wrongIn } from './prepare-environments.ts'

const namespace = (cluster: string, name: string) => ({ cluster, namespace: name, labels: {}, workloads: 1, rules: [0] })

describe('the form of an environment', () => {
  it('holds what is kept, and makes of it what was kept', () => {
    const input = EnvironmentInput.parse({ name: 'prod', rules: [{ clusters: ['east'], labels: 'stage=prod' }, { namespaces: ['shop'] }] })
    const draft = draftOf({ ...input, id: '1', createdBy: '', createdAt: '', updatedAt: '' })
    expect(draft.rules.map(ruleOf)).toEqual(input.rules)
    expect(draftOf(undefined).rules.map(ruleOf)).toEqual([{ clusters: 'all', namespaces: 'all', labels: '' }])
  })

  it('tells rules apart, whichever was taken away', () => {
    const two = withRule(withRule([]))
    expect(withRule(two.slice(1)).map(({ id }) => id)).toEqual([2, 3])
  })

  it('says what is wrong with a selector', () => {
    expect(wrongIn('stage in (prod),!legacy')).toBeUndefined()
    expect(wrongIn('a=b=c')).toContain('“a=b=c”')
  })
})

describe('what belongs to an environment', () => {
  it('stands by cluster and name', () => {
    const parts = partsOf({ namespaces: [namespace('west', 'shop'), namespace('east', 'shop'), namespace('east', 'bank')] })
    expect(parts.map(({ cluster, namespaces }) => [cluster, namespaces.map((n) => n.namespace)])).toEqual([
      ['east', ['bank', 'shop']],
      ['west', ['shop']],
    ])
  })

  it('tells what came and went between two moments', () => {
    const [part] = partsOf(
      { namespaces: [namespace('east', 'new'), namespace('east', 'both')] },
      { namespaces: [namespace('east', 'both'), namespace('east', 'old')] },
    )
    expect(part!.namespaces.map((n) => [n.namespace, n.change])).toEqual([
      ['both', undefined],
      ['new', 'added'],
      ['old', 'removed'],
    ])
  })

  it('says which names stand for nothing', () => {
    expect(unknownWords([{ rule: 1, clusters: ['gone'], namespaces: ['a', 'b'] }])).toEqual([
      'Rule 2: nothing is known of cluster gone at this moment.',
      'Rule 2: there is no namespace a, b at this moment.',
    ])
  })
})
