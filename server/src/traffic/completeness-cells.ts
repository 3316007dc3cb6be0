/** A proxy's counters of one kind, over a window. */
export interface Source {
  cluster: string
  controller: string
  proxy: string
  kind: 'http' | 'tcp'
  /** False where the proxy never told its counters. */
  known: boolean
  cells: Cell[]
}

/** One source between two of its samples, in one interval of the grid. */
export interface Cell {
  bucket: number
  /** The samples that bound it; without samples the interval of the grid. */
  fromUs: number
  toUs: number
  received: number
  /** Of these, entries that no sample covers. */
  uncovered: number
  expected: number
  known: boolean
  pending: boolean
  unknown: boolean
  notes: string[]
}
