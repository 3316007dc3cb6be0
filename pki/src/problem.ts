import { type ErrorCode, PanoptesError } from '@panoptes/contract'

/** One thing that is wrong in a folder of certificates. */
export interface CertificateProblem {
  code: ErrorCode
  /** Relative to the folder that was checked. */
  file: string
  detail: string
}

/** The folder was refused; `problems` lists all that is wrong. Nothing in it was touched. */
export class CertificatesRefused extends PanoptesError {
  readonly problems: CertificateProblem[]

  constructor(folder: string, problems: CertificateProblem[]) {
    const list = problems.map((p) => `  ${p.code} ${p.file}: ${p.detail}`).join('\n')
    super('PAN0401', `${folder} was refused and left as it is, for ${problems.length === 1 ? 'one reason' : `${problems.length} reasons`}:\n${list}`, {
      problems,
    })
    this.name = 'CertificatesRefused'
    this.problems = problems
  }
}
