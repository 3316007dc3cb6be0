import type { DecisionRow } from '@panoptes/contract'
import type { Tone } from '../../parts/index.ts'

export const verdictTones: Record<DecisionRow['verdict'], Tone> = { allowed: 'ok', warned: 'warn', denied: 'bad' }

/** Names a decision: a review may be asked twice, and several hold the same moment. */
export const keyOf = ({ cluster, uid, at }: DecisionRow): string => `${cluster}~${uid}~${at}`

/** Which rule spoke and how it stood. */
export function ruleWords({ rule, mode }: Pick<DecisionRow, 'rule' | 'mode'>): string {
  if (rule === 'exempt') return 'never blocked here'
  return rule ? `${rule} (${mode})` : `nothing against it (${mode})`
}

/** Whether a decision is in the scope of the top bar, whose lists are separated by commas. */
export function inScope({ cluster, namespace }: DecisionRow, scope: { cluster?: string | undefined; ns?: string | undefined }): boolean {
  const within = (list: string | undefined, value: string) => !list || list.split(',').includes(value)
  return within(scope.cluster, cluster) && within(scope.ns, namespace)
}
