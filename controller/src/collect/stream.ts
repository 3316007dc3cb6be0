import type { Interner } from '../batch/index.ts'
import { contradiction, type Ends, type ProxyIdentity, reporterOfLog, strangeProxy } from './enrich/index.ts'

/** What is the same for all entries of a stream, as interned ids. */
export interface StreamIds {
  proxy: number
  proxyType: number
  proxyVersion: number
  proxyAuth: number
  log: number
  source: number
  self: Uint32Array
  spiffe: number
}

/** `contradicted`: a certificate was shown, and the proxy says that it is somebody else. */
export type Auth = 'mtls' | 'none' | 'contradicted'

/** One stream of telemetry: who speaks, by which wire, and whether it proved who it is. */
export class SourceStream {
  readonly kind: 'als' | 'otlp' | 'metrics'
  auth: Auth
  /** In what the certificate and the proxy contradict each other; empty where they do not. */
  contradiction = ''
  /** SPIFFE id of the stream's client certificate; empty without one. */
  readonly certificate: string
  proxy: ProxyIdentity = strangeProxy('')
  log = ''
  /** Side that the metadata or the log's name tells, for entries whose upstream cluster does not. */
  reporter: 'client' | 'server' | '' = ''
  private generation = -1
  private cached: StreamIds | undefined

  constructor(kind: 'als' | 'otlp' | 'metrics', auth: Exclude<Auth, 'contradicted'>, certificate: string) {
    this.kind = kind
    this.auth = auth
    this.certificate = certificate
  }

  /** Takes the identity that a stream's first message brings. */
  identify(proxy: ProxyIdentity, log: string): void {
    this.proxy = proxy
    this.log = log
    this.contradiction = contradiction(this.certificate, proxy)
    if (this.auth !== 'none') this.auth = this.contradiction === '' ? 'mtls' : 'contradicted'
    this.reporter = (proxy.reporter as 'client' | 'server' | '') || reporterOfLog(log)
    this.generation = -1
  }

  ids(interner: Interner, ends: Ends): StreamIds {
    if (this.cached && this.generation === interner.generation) return this.cached
    const { proxy } = this
    this.cached = {
      proxy: interner.of(proxy.id),
      proxyType: interner.of(proxy.type),
      proxyVersion: interner.of(proxy.version),
      proxyAuth: interner.of(this.auth),
      log: interner.of(this.log),
      source: interner.of(this.kind),
      self: ends.self(proxy),
      spiffe: interner.of(this.certificate || proxy.spiffe),
    }
    this.generation = interner.generation
    return this.cached
  }
}
