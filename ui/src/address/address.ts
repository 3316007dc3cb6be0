/** All state of the console that a link carries. Everything is text, so that addresses stay readable. */
export const addressKeys = [
  // the same on every page
  'q',
  'from',
  'to',
  'at',
  'with',
  'origin',
  'env',
  'cluster',
  'ns',
  'utc',
  // of one page
  'open',
  'node',
  'edge',
  'view',
  'by',
  'hide',
  'protocol',
  'fields',
  'order',
  'sort',
  'columns',
  'density',
  'text',
  'state',
  'tail',
  'next',
  'kind',
  'span',
] as const
export type AddressKey = (typeof addressKeys)[number]
export type Address = { [K in AddressKey]?: string }

const kept: readonly AddressKey[] = ['q', 'from', 'to', 'at', 'with', 'origin', 'env', 'cluster', 'ns', 'utc']

/** Reads an address leniently: what is not known, not text or empty is left out. */
export function readAddress(raw: Record<string, unknown>): Address {
  const address: Address = {}
  for (const key of addressKeys) {
    const value = raw[key]
    if (value !== undefined && value !== null && value !== '') address[key] = String(value)
  }
  return address
}

/** What stays in the address when the page changes. */
export function keptAddress(address: Address): Address {
  return readAddress(Object.fromEntries(kept.map((key) => [key, address[key]])))
}

/** The address after a change; undefined or empty takes a key out. There is one clock: a window takes the place of a moment, and a moment that of a window. */
export function changedAddress(address: Address, change: Address): Address {
  const clock = 'from' in change || 'to' in change ? { at: undefined, with: undefined } : change.at ? { from: undefined, to: undefined } : {}
  return readAddress({ ...address, ...change, ...clock })
}

export const parseSearch = (text: string): Record<string, string> => Object.fromEntries(new URLSearchParams(text))

export function printSearch(search: Record<string, unknown>): string {
  const text = new URLSearchParams(Object.entries(search).filter(([, v]) => v !== undefined && v !== '') as [string, string][])
    .toString()
    .replaceAll('%2C', ',')
    .replaceAll('%3A', ':')
    .replaceAll('%2F', '/')
  return text ? `?${text}` : ''
}
