import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { PanoptesError } from '@panoptes/contract'
import { z } from 'zod'

/** Options of the server: each is a flag, and an environment variable `PANOPTES_…` that the flag overrides. */
export const optionTable = [
  { flag: 'port', value: 'PORT', text: 'listen on this port (default 7600; 0 = any free one)' },
  { flag: 'host', value: 'ADDRESS', text: 'listen on this address (default 127.0.0.1: this machine only)' },
  { flag: 'data', value: 'DIR', text: 'keep everything in this folder (default ./data)' },
  { flag: 'no-demo', text: 'do not start the demo bank' },
  { flag: 'tls-cert', value: 'FILE', text: 'serve HTTPS with this certificate chain (PEM)' },
  { flag: 'tls-key', value: 'FILE', text: 'private key of the certificate (PEM)' },
  { flag: 'postgres', value: 'URL', text: 'keep the state in this PostgreSQL instead of the embedded one' },
  { flag: 'clickhouse', value: 'URL', text: 'keep the record in this ClickHouse instead of the embedded one' },
  { flag: 'clickhouse-cluster', value: 'NAME', text: 'cluster over which the ClickHouse tables are spread' },
  { flag: 'public-url', value: 'URL', text: 'address under which people reach the server, for links' },
  { flag: 'trust-proxy', value: 'LIST', text: 'believe X-Forwarded-For of these addresses' },
  { flag: 'secrets-key', value: 'FILE', text: 'key that encrypts kubeconfigs (default DIR/secrets.key; replicas share one)' },
  { flag: 'log-level', value: 'LEVEL', text: 'debug, info (default), warn, error or silent' },
  { flag: 'log-file', value: 'FILE', text: 'write the log there instead of to standard output' },
] as const

const flag = z.union([z.boolean(), z.stringbool()])
const Options = z
  .object({
    port: z.coerce.number().int().min(0).max(65_535).default(7600),
    host: z.string().min(1).default('127.0.0.1'),
    data: z.string().min(1).default('data'),
    'no-demo': flag.default(false),
    'tls-cert': z.string().optional(),
    'tls-key': z.string().optional(),
    postgres: z.url({ protocol: /^postgres(ql)?$/, error: 'must begin with postgres://' }).optional(),
    clickhouse: z.url({ protocol: /^https?$/, error: 'must begin with http:// or https://' }).optional(),
    'clickhouse-cluster': z.string().optional(),
    'public-url': z.url({ protocol: /^https?$/ }).optional(),
    'trust-proxy': z.string().optional(),
    'secrets-key': z.string().optional(),
    'log-level': z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    'log-file': z.string().optional(),
  })
  .refine((options) => !options['tls-cert'] === !options['tls-key'], { error: '--tls-cert and --tls-key go together' })

export interface Config {
  port: number
  host: string
  /** Absolute. */
  dataDir: string
  demo: boolean
  tls?: { cert: string; key: string }
  tlsCertFile?: string
  postgresUrl?: string
  clickhouseUrl?: string
  clickhouseCluster?: string
  /** Without a slash at the end; undefined = from host and port. */
  publicUrl?: string
  trustProxy?: string
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  logFile?: string
  /** File with the key that encrypts kubeconfigs; undefined = in the data folder. */
  secretsKey?: string
}

/** Reads flags and environment. Throws PAN0003 that names the option and what it must be. */
export function readConfig(args: readonly string[], env: NodeJS.ProcessEnv): Config {
  const options: NonNullable<ParseArgsConfig['options']> = {}
  const given: Record<string, unknown> = {}
  for (const { flag, ...rest } of optionTable) {
    options[flag] = { type: 'value' in rest ? 'string' : 'boolean' }
    const fromEnv = env[`PANOPTES_${flag.toUpperCase().replaceAll('-', '_')}`]
    if (fromEnv) given[flag] = fromEnv
  }
  try {
    Object.assign(given, parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values)
  } catch (error) {
    throw new PanoptesError('PAN0003', `${(error as Error).message.split('. ')[0]}; see --help`)
  }
  const result = Options.safeParse(given)
  if (!result.success) {
    throw new PanoptesError('PAN0003', result.error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`.replace('--: ', '')).join('; '))
  }
  return configOf(result.data)
}

function configOf(options: z.infer<typeof Options>): Config {
  const { 'tls-cert': cert, 'tls-key': key } = options
  return {
    port: options.port,
    host: options.host,
    dataDir: resolve(options.data),
    demo: !options['no-demo'],
    logLevel: options['log-level'],
    ...(cert && key ? { tls: { cert: readPem(cert, '--tls-cert'), key: readPem(key, '--tls-key') }, tlsCertFile: resolve(cert) } : {}),
    ...(options.postgres ? { postgresUrl: options.postgres } : {}),
    ...(options.clickhouse ? { clickhouseUrl: options.clickhouse } : {}),
    ...(options['clickhouse-cluster'] ? { clickhouseCluster: options['clickhouse-cluster'] } : {}),
    ...(options['public-url'] ? { publicUrl: options['public-url'].replace(/\/+$/, '') } : {}),
    ...(options['trust-proxy'] ? { trustProxy: options['trust-proxy'] } : {}),
    ...(options['secrets-key'] ? { secretsKey: resolve(options['secrets-key']) } : {}),
    ...(options['log-file'] ? { logFile: resolve(options['log-file']) } : {}),
  }
}

function readPem(file: string, option: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new PanoptesError('PAN0003', `${option}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

/** The address under which this machine reaches the server. */
export function localUrl(config: Config, port: number): string {
  const any = config.host === '0.0.0.0' || config.host === '::'
  const host = any ? '127.0.0.1' : isIP(config.host) === 6 ? `[${config.host}]` : config.host
  return `${config.tls ? 'https' : 'http'}://${host}:${port}`
}
