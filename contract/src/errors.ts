/** One entry of the error catalogue: everything a person needs who meets the code. */
export interface ErrorEntry {
  code: string
  status: number
  title: string
  /** What to do about it. */
  hint: string
}

const entries = [
  {
    code: 'PAN0001',
    status: 500,
    title: 'Internal error',
    hint: 'This is a fault in Panoptes. The log line with the same request id says more; please report it.',
  },
  { code: 'PAN0002', status: 404, title: 'No such route', hint: 'See /api/openapi.json for all routes.' },
  { code: 'PAN0003', status: 400, title: 'Request not valid', hint: 'The message names the field and what it must be.' },
  { code: 'PAN0004', status: 413, title: 'Request too large', hint: 'Send less at once; the message names the limit.' },
  { code: 'PAN0005', status: 503, title: 'Not ready', hint: 'The server is starting, or one of its stores does not answer. Try again; /readyz says which.' },
  { code: 'PAN0006', status: 507, title: 'Disk nearly full', hint: 'Free disk space or lower the retention; ingest resumes by itself.' },
  { code: 'PAN0007', status: 404, title: 'Not found', hint: 'It does not exist, or you may not see it.' },
  { code: 'PAN0008', status: 409, title: 'Conflict', hint: 'Something with this name exists, or it has changed since you read it.' },
  { code: 'PAN0009', status: 415, title: 'Media type not supported', hint: 'The message names the media type this route takes.' },
  { code: 'PAN0010', status: 405, title: 'Method not allowed', hint: 'The Allow header names the methods of this address.' },
  { code: 'PAN0101', status: 401, title: 'Not signed in', hint: 'Sign in, or send a token: Authorization: Bearer …' },
  { code: 'PAN0102', status: 401, title: 'Token expired or revoked', hint: 'Make a new token under Settings, or with `panoptes token create`.' },
  { code: 'PAN0103', status: 403, title: 'Not allowed', hint: 'The message names the scope that is needed.' },
  { code: 'PAN0104', status: 429, title: 'Too many attempts', hint: 'Wait for the time named in Retry-After.' },
  { code: 'PAN0105', status: 401, title: 'Sign-in link used or expired', hint: 'Make a new one with `panoptes admin link` on the server machine.' },
  { code: 'PAN0106', status: 401, title: 'Enrolment token used or expired', hint: 'Make a new one with `panoptes controller token`.' },
  {
    code: 'PAN0107',
    status: 409,
    title: 'Controller key in use elsewhere',
    hint: 'The same key was used from two places: somebody copied it. Rotate it; the alarm names both.',
  },
  { code: 'PAN0201', status: 400, title: 'Query not understood', hint: 'The message points at the column.' },
  { code: 'PAN0202', status: 504, title: 'Query took too long', hint: 'Narrow the time window or add a filter on an indexed field.' },
  { code: 'PAN0203', status: 400, title: 'Query too large', hint: 'Narrow the time window or ask for fewer rows.' },
  {
    code: 'PAN0301',
    status: 400,
    title: 'Batch not valid',
    hint: 'The message names the byte, column or limit. The batch was set aside; it will not be asked for again.',
  },
  { code: 'PAN0302', status: 409, title: 'Batch out of order', hint: 'Send the batch that follows the last acknowledged one; the answer names it.' },
  {
    code: 'PAN0303',
    status: 409,
    title: 'Batch differs from the stored one',
    hint: 'The same identity was used for other rows: a copied spool or key. Nothing was written.',
  },
  { code: 'PAN0304', status: 400, title: 'Batch schema not supported', hint: 'Upgrade the server or the controller; the message names both versions.' },
  { code: 'PAN0401', status: 422, title: 'Certificates refused', hint: 'Put right what the list names, each with its own code, and run this again.' },
  {
    code: 'PAN0402',
    status: 422,
    title: 'Certificate file missing',
    hint: 'A folder is empty, or holds all of ca-cert.pem, ca-key.pem, cert-chain.pem and root-cert.pem, or holds root-cert.pem and root-key.pem.',
  },
  { code: 'PAN0403', status: 422, title: 'Key of another certificate', hint: 'The private key and the certificate must be made together: find the pair.' },
  { code: 'PAN0404', status: 422, title: 'Certificate expired', hint: 'Make a new one; `panoptes certs rotate --plan` shows how without an outage.' },
  { code: 'PAN0405', status: 422, title: 'Certificate not yet valid', hint: "Check this machine's clock; else wait, or make one that is valid now." },
  { code: 'PAN0406', status: 422, title: 'Not a CA certificate', hint: 'A CA needs basicConstraints CA:true and keyUsage keyCertSign.' },
  {
    code: 'PAN0407',
    status: 422,
    title: 'No room for a CA below',
    hint: "Each CA's pathlen must allow the CAs below it: a root with pathlen 0 can sign no intermediate.",
  },
  {
    code: 'PAN0408',
    status: 422,
    title: 'Certificates are no chain',
    hint: 'cert-chain.pem begins with ca-cert.pem; each certificate is signed by the next, the last by root-cert.pem, which is signed by itself.',
  },
  { code: 'PAN0409', status: 422, title: 'More than one root', hint: 'Clusters of one mesh share one root. In the middle of a rotation say --root-overlap.' },
  { code: 'PAN0410', status: 422, title: 'Not an RSA key of 2048 bits or more', hint: 'Make the certificate with an RSA key.' },
  { code: 'PAN0411', status: 422, title: 'Private key readable by others', hint: 'chmod 600 FILE; and if others could have read it, make a new one.' },
  { code: 'PAN0412', status: 422, title: 'Link leaves the folder', hint: 'Put the file itself into the folder.' },
  { code: 'PAN0413', status: 422, title: 'Not a certificate or key', hint: 'The file must be PEM; a key must not be locked with a passphrase.' },
  { code: 'PAN0414', status: 400, title: "Cluster's name not valid", hint: 'Up to 63 of a–z, 0–9 and -, not first or last.' },
  { code: 'PAN0415', status: 422, title: 'Folder or file not usable', hint: 'It must be a folder with files that you may read and write.' },
  { code: 'PAN0416', status: 422, title: 'Unknown certificate file', hint: 'Give the file the name Istio knows it by, or start with an empty folder.' },
  {
    code: 'PAN0501',
    status: 422,
    title: 'Kubeconfig refused',
    hint: 'It must hold all it needs: https, certificate-authority-data, and a token or client certificate with its key; no programs, plug-ins or files.',
  },
  { code: 'PAN0502', status: 503, title: 'No service account here', hint: 'This runs in no pod, or without its token mounted: give a kubeconfig instead.' },
  { code: 'PAN0503', status: 503, title: 'Kubernetes API not reachable', hint: 'It is tried again by itself; what is shown is as old as it says.' },
  { code: 'PAN0504', status: 403, title: 'Kubernetes API refuses us', hint: "The message names what was asked: the controller's role or token lacks it." },
  { code: 'PAN0505', status: 404, title: 'Kind not served', hint: 'This cluster does not know the kind; it is asked for again now and then.' },
  {
    code: 'PAN0506',
    status: 403,
    title: 'Permission missing',
    hint: 'Apply the manifest of the cluster again (`panoptes cluster install NAME | kubectl apply -f -`), or add the rule that the message names.',
  },
  {
    code: 'PAN0510',
    status: 409,
    title: 'Cluster connected twice',
    hint: 'Keep one name: delete the other cluster here, or uninstall its controller there.',
  },
  {
    code: 'PAN0511',
    status: 409,
    title: 'Cluster re-created',
    hint: 'Another cluster stands behind this name now. The record keeps both; give the new one a name of its own if they are two.',
  },
  {
    code: 'PAN0512',
    status: 409,
    title: 'Cluster cloned',
    hint: 'Two clusters say that they are the same one: a copy of its etcd or its machines. Give the copy a name, a token and an empty volume of its own.',
  },
  {
    code: 'PAN0513',
    status: 503,
    title: 'Controller silent',
    hint: 'Look at its pod and its log; the message says since when. It goes on by itself where it left off.',
  },
  {
    code: 'PAN0514',
    status: 409,
    title: 'Upgrade did not arrive',
    hint: 'Look at the pods of the controller; `panoptes cluster install NAME` shows how to go back.',
  },
  {
    code: 'PAN0515',
    status: 409,
    title: 'Cluster stopped',
    hint: 'It was stopped by a user: `panoptes cluster start NAME`. Until then the controller keeps what it sees in its spool.',
  },
  {
    code: 'PAN0516',
    status: 503,
    title: 'Kubeconfig cannot be opened',
    hint: 'It was encrypted with another key than the one this server has. Put that key back, or give the kubeconfig again.',
  },
  { code: 'PAN0517', status: 503, title: 'Controller in trouble', hint: 'The message is what the controller says about itself; its log says more.' },
  {
    code: 'PAN0520',
    status: 400,
    title: 'Not an AdmissionReview',
    hint: 'Only an API server should ask here, with admission.k8s.io/v1; what it cannot ask is decided by the failure policy of the cluster.',
  },
  {
    code: 'PAN0521',
    status: 503,
    title: 'Admission not in force',
    hint: 'The message says what the API server refused. The role “admission” grants what is needed: `panoptes cluster install NAME`.',
  },
] as const satisfies readonly ErrorEntry[]

export type ErrorCode = (typeof entries)[number]['code']

/** The catalogue: `panoptes explain CODE`, the docs page and every answer are made from it. */
export const errorCatalogue: ReadonlyMap<ErrorCode, ErrorEntry> = new Map(entries.map((e) => [e.code, e]))

/** The error that every room throws. `detail` says what was wrong and where, in a sentence. */
export class PanoptesError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly fields: Record<string, unknown>

  constructor(code: ErrorCode, detail: string, fields: Record<string, unknown> = {}, options?: ErrorOptions) {
    super(detail, options)
    this.name = 'PanoptesError'
    this.code = code
    this.status = errorCatalogue.get(code)?.status ?? 500
    this.fields = fields
  }
}
