import { setTimeout as sleep } from 'node:timers/promises'
import { AdmissionSettings, PanoptesError } from '@panoptes/contract/ingest'
import type { KubeRequests } from '../watch/index.ts'
import { validAuthorities } from './bundle.ts'
import { bindingOf, type Endpoint, hasPolicy, paths, policyOf, roleName, settingsAnnotation, webhookOf } from './configuration.ts'

export interface PublisherOptions {
  client: KubeRequests
  endpoint: Endpoint
  exempt: readonly string[]
  now: () => number
}

interface Live {
  metadata?: { uid?: string; resourceVersion?: string; annotations?: Record<string, string> }
  webhooks?: { clientConfig?: { caBundle?: string } }[]
}

const apply = '?fieldManager=panoptes-controller&force=true'

/** Writes into the cluster what the API server must know: whom to ask, whom to trust, and the rules that it holds by itself. */
export class Publisher {
  private readonly options: PublisherOptions
  /** Whether the API server itself tells of registries that are not listed. */
  policyTells = false
  private role: string | undefined

  constructor(options: PublisherOptions) {
    this.options = options
  }

  /** The settings that stand in the cluster from before; undefined where none do. Throws where the API server does not answer. */
  async settingsThere(): Promise<AdmissionSettings | undefined> {
    try {
      const read = AdmissionSettings.safeParse(JSON.parse((await this.live())?.metadata?.annotations?.[settingsAnnotation] ?? 'null'))
      return read.data
    } catch (error) {
      if (error instanceof SyntaxError) return undefined
      throw error
    }
  }

  /**
   * Brings the objects of admission to these settings. Trusted are the authorities of `trust`, and those that stand there already but for `retired` and
   * expired ones: other replicas have their own.
   * @throws PanoptesError PAN0521 where the API server refuses
   */
  async publish(settings: AdmissionSettings, trust: readonly string[], retired: readonly string[]): Promise<void> {
    for (let tries = 0; ; tries++) {
      const live = await this.live()
      const told = Buffer.from(live?.webhooks?.[0]?.clientConfig?.caBundle ?? '', 'base64').toString('utf8')
      const others = validAuthorities(told, this.options.now()).filter((ca) => !trust.includes(ca) && !retired.includes(ca))
      const bundle = [...trust, ...others].join('')
      const { endpoint, exempt } = this.options
      const wanted = webhookOf({ settings, endpoint, exempt, bundle })
      // Two replicas at once: the one that comes second looks again, so that neither loses its authority.
      const resourceVersion = live?.metadata?.resourceVersion
      const metadata = { ...wanted.metadata, ...(resourceVersion ? { resourceVersion } : {}) }
      const { status, body } = await this.options.client.send('APPLY', paths.webhook + apply, await this.owned({ ...wanted, metadata }))
      if (status === 409 && tries < 10) await sleep(50 * (tries + 1) * (1 + Math.random()))
      else if (status >= 300) throw refused('ValidatingWebhookConfiguration', status, body)
      else break
    }
    await this.publishPolicy(settings)
  }

  private async publishPolicy(settings: AdmissionSettings): Promise<void> {
    const { client, exempt } = this.options
    if (!hasPolicy(settings)) {
      this.policyTells = false
      for (const path of [paths.binding, paths.policy]) {
        const { status, body } = await client.send('DELETE', path)
        if (status >= 300 && status !== 404) throw refused('ValidatingAdmissionPolicy', status, body)
      }
      return
    }
    for (const [path, object] of [
      [paths.policy, policyOf({ settings, exempt })],
      [paths.binding, bindingOf({ settings })],
    ] as const) {
      const { status, body } = await client.send('APPLY', path + apply, await this.owned(object))
      if (status >= 300) throw refused('ValidatingAdmissionPolicy', status, body)
    }
    this.policyTells = true
  }

  /** Owned by our role, an object goes where the role goes: an uninstall leaves nothing behind. Where there is none, it stays. */
  private async owned(object: { metadata: object }): Promise<object> {
    this.role ??= ((await this.options.client.send('GET', paths.role)).body as Live | null)?.metadata?.uid
    if (!this.role) return object
    const owner = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: roleName, uid: this.role }
    return { ...object, metadata: { ...object.metadata, ownerReferences: [owner] } }
  }

  private async live(): Promise<Live | undefined> {
    const { status, body } = await this.options.client.send('GET', paths.webhook)
    if (status === 404) return undefined
    if (status >= 300) throw refused('ValidatingWebhookConfiguration', status, body)
    return body as Live
  }
}

function refused(kind: string, status: number, body: unknown): PanoptesError {
  const message = String((body as { message?: unknown } | null)?.message ?? body).slice(0, 500)
  return new PanoptesError('PAN0521', `${kind}: ${status} ${message}`, { status })
}
