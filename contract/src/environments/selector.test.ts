import { describe, expect, it } from 'vitest'
import { parseLabelSelector, selectorMatches } from './selector.ts'

const takes = (selector: string, labels: Record<string, string>) => selectorMatches(parseLabelSelector(selector), labels)

/** Protects: an environment takes the namespaces that `kubectl get namespaces -l SELECTOR` lists. */
describe('a label selector', () => {
  it('takes what kubectl takes', () => {
    const shop = { team: 'shop', stage: 'prod', 'example.com/tier': 'gold', empty: '' }
    const cases: [string, boolean][] = [
      ['', true],
      ['team=shop', true],
      ['team == shop , stage=prod', true],
      ['team=shop,stage=test', false],
      ['team!=shop', false],
      ['absent!=x', true],
      ['stage in (prod, live)', true],
      ['stage in (test)', false],
      ['stage notin (test,dev),team', true],
      ['absent notin (x)', true],
      ['absent in (x)', false],
      ['example.com/tier=gold', true],
      ['!absent', true],
      ['!team', false],
      ['empty=', true],
      ['absent=', false],
    ]
    for (const [selector, wanted] of cases) expect([selector, takes(selector, shop)]).toEqual([selector, wanted])
    // A label of this name is not one that every object of JavaScript has.
    expect(takes('constructor', {})).toBe(false)
  })

  it('is refused with the part that cannot be read', () => {
    for (const wrong of ['team=a b', 'team in a', 'team in (a', '=x', 'a=b=c', 'team=shop,', 'a//b=c', 'team=ä', `k=${'x'.repeat(64)}`, '-x', 'in (a)'])
      expect(() => parseLabelSelector(wrong), wrong).toThrow(/“.*”/)
  })

  it('never hangs and never says yes to what it refused', () => {
    const letters = 'ab=!,() in\t/.-ä'
    let seed = 7
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed % below
    }
    for (let n = 0; n < 5_000; n++) {
      const text = Array.from({ length: random(24) }, () => letters[random(letters.length)]).join('')
      try {
        for (const { key } of parseLabelSelector(text)) expect(key).not.toBe('')
      } catch (error) {
        expect((error as Error).message).toContain('“')
      }
    }
  })
})
