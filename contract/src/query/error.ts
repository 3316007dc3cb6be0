import { PanoptesError } from '../errors.ts'

/** What a reader of a query expected where it stopped. Columns count UTF-16 units from 0; `end` is exclusive. */
export interface QueryProblem {
  start: number
  end: number
  problem: string
  expected: string
  hint: string
}

/** A query that cannot be understood: PAN0201, pointing at the place. */
export class QueryError extends PanoptesError {
  readonly start: number
  readonly end: number
  readonly expected: string
  readonly hint: string

  constructor({ start, end, problem, expected, hint }: QueryProblem) {
    const tail = [expected && `expected ${expected}`, hint].filter(Boolean).join('; ')
    super('PAN0201', `column ${start + 1}: ${problem}${tail ? `; ${tail}` : ''}`, { start, end, expected, hint })
    this.name = 'QueryError'
    this.start = start
    this.end = end
    this.expected = expected
    this.hint = hint
  }
}
