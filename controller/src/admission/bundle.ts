import { X509Certificate } from 'node:crypto'

/** The certificates of a bundle that hold at `now` (ms), each once and in its order; what is no certificate is left out. */
export function validAuthorities(bundle: string, now: number): string[] {
  const found = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  const valid = found.flatMap((text) => {
    try {
      const certificate = new X509Certificate(text)
      return Date.parse(certificate.validTo) > now ? [certificate.toString()] : []
    } catch {
      return []
    }
  })
  return [...new Set(valid)]
}
