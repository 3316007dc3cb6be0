import type { AdmissionSettings } from '@panoptes/contract/ingest'
import { isListed, readImage } from './image.ts'

/** The images that the record knows. */
export interface Known {
  digest(digest: string): boolean
  /** Whether a digest is known that ran under this complete name. */
  name(name: string): boolean
}

export interface Objection {
  rule: 'unidentified-image'
  image: string
  reason: 'registry-not-listed' | 'digest-unknown' | 'tag-unknown'
  message: string
}

const because: Record<Objection['reason'], (image: string) => string> = {
  'registry-not-listed': (image) => `image ${image} comes from a registry that is not on this cluster's list`,
  'digest-unknown': (image) => `image ${image} is unidentified: its digest has never run in a cluster that Panoptes records`,
  'tag-unknown': (image) => `image ${image} is unidentified: no digest of this name is known to the record; name it by a digest that has run`,
}

/** What the rule “unidentified image” has against an image; undefined = nothing. */
export function objectTo(image: string, { registries }: Pick<AdmissionSettings, 'registries'>, known: Known): Objection | undefined {
  const { name, repository, digest } = readImage(image)
  const object = (reason: Objection['reason']): Objection => ({ rule: 'unidentified-image', image, reason, message: because[reason](image) })
  if (!isListed(repository, registries)) return object('registry-not-listed')
  if (digest !== undefined) return known.digest(digest) ? undefined : object('digest-unknown')
  return known.name(name) ? undefined : object('tag-unknown')
}
