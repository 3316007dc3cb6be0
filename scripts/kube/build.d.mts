/** A folder that holds all programs of the control plane, from KUBE_BIN or the cache; undefined where neither has them. */
export function findKube(): string | undefined
/** The same, built where it is missing. `say` gets a line about what it took. */
export function ensureKube(say?: (line: string) => void): Promise<string>
/** What to tell a person whose machine has neither. */
export const howToGetKube: string
/** Whether this machine has a Go that can build it. */
export function canBuildKube(): boolean
