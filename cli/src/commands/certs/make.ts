import { PanoptesError } from '@panoptes/contract'
import type { CertificateFacts, CertificatesReport } from '@panoptes/pki'
import { defineCommand, describe, flag, type Run, text, texts } from '../../core/index.ts'

export const certsOptions = {
  folder: text('-c, --folder <dir>', 'the folder of certificates (made where it is not there)'),
  cluster: texts('--cluster <name>', 'a cluster, with a subfolder of its own; again for each'),
  rootOverlap: flag('--root-overlap', 'take two roots in root-cert.pem, as in the middle of a rotation'),
}

export const certs = defineCommand({
  name: 'certs',
  summary: 'Make or check the CA certificates that join clusters into one mesh',
  details:
    'An empty folder gets an RSA root, and an intermediate CA per cluster in the names that Istio’s `cacerts` wants; a folder with a root pair gets the ' +
    'intermediates that are missing; a whole one is used as it is. The root’s key may be kept elsewhere where the intermediates are there. Anything else is ' +
    'refused with a list of what is wrong, and left as it is: exit code 1. Private keys stay in the folder (mode 0600): none is printed or sent anywhere.',
  options: certsOptions,
  examples: [
    ['panoptes certs -c ./certs --cluster east --cluster west', 'one root for two clusters, and the commands that install them'],
    ['panoptes certs -c ./certs --cluster north', 'later: a third cluster of the same root'],
    ['panoptes certs -c ./certs -o json | jq .clusters[].intermediate.daysLeft', 'when they expire'],
    ['panoptes certs rotate -c ./certs --plan', 'how to replace them without an outage'],
  ],
  async run(run) {
    const report = await reported(run, true)
    if (!report) return
    const { out } = run
    if (out.format === 'table' || out.format === 'csv') {
      out.list(rowsOf(report), [
        { title: 'certificate', value: (row) => row.certificate },
        { title: 'subject', value: (row) => row.subject },
        { title: 'expires', value: (row) => row.notAfter.slice(0, 10) },
        { title: 'days left', value: (row) => row.daysLeft, right: true },
        { title: 'sha256', value: (row) => row.sha256.slice(0, 16) },
      ])
    } else out.show(report)
    if (report.created.length > 0) out.say(`\nMade ${report.created.join(', ')}.`)
    if (report.rootKeyHere) out.say('The key of the root lies in the folder. It is needed only to add or rotate intermediates: keep it offline.')
    out.say(`\nTo install (before Istio, or see \`panoptes certs rotate --plan\`):\n${report.clusters.map((c) => `  ${c.install}`).join('\n')}`)
  },
})

interface Row extends CertificateFacts {
  certificate: string
}

function rowsOf({ roots, clusters }: CertificatesReport): Row[] {
  return [
    ...roots.map((facts) => ({ certificate: 'root', ...facts })),
    ...clusters.map(({ cluster, intermediate }) => ({ certificate: cluster ? `intermediate ${cluster}` : 'intermediate', ...intermediate })),
  ]
}

/**
 * The report of the folder that the options name, warnings told; undefined, all problems told and exit code 1 set, where it was refused.
 * What is missing is made only where `make` says so.
 */
export async function reported({ options, out, exit }: Run<typeof certsOptions>, make: boolean): Promise<CertificatesReport | undefined> {
  // Without a folder named, keys would land wherever the shell happens to stand.
  const folder = options.folder
  if (!folder) throw new PanoptesError('PAN0003', 'Which folder? Say -c DIR.')
  // Loaded here, for its X.509 library would cost every other command half a second.
  const { CertificatesRefused, prepareCertificates, reportCertificates } = await import('@panoptes/pki')
  try {
    const wanted = { folder, clusters: options.cluster, rootOverlap: options.rootOverlap }
    const report = make ? await prepareCertificates(wanted) : reportCertificates(wanted)
    for (const warning of report.warnings) out.warn(`${out.style('yellow', 'warning')}: ${warning}`)
    return report
  } catch (error) {
    if (!(error instanceof CertificatesRefused) || error.problems.some((p) => p.code === 'PAN0414')) throw error
    if (out.format !== 'table') out.show({ folder, problems: error.problems })
    out.warn(describe(error))
    exit('findings')
    return undefined
  }
}
