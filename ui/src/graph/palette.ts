/** Colours of the map, read from the theme. sigma takes opaque colours and #rrggbbaa alike. */
export interface Palette {
  level: readonly string[]
  edge: readonly string[]
  /** Edges where there are thousands: each alone hardly seen, so that what fails stands out. */
  crowd: readonly string[]
  faint: string
  text: string
  dim: string
  surface: string
  hull: string
  hullLine: string
  cluster: string
  clusterLine: string
  accent: string
}

export function readPalette(dark: boolean): Palette {
  const css = getComputedStyle(document.documentElement)
  const color = (name: string) => css.getPropertyValue(name).trim()
  const [none, accent, warn, bad] = ['--none', '--series-1', '--series-3', '--series-4'].map(color) as [string, string, string, string]
  const denied = color('--series-5')
  return {
    level: [none, accent, warn, bad, denied],
    edge: dark ? ['#39414f', '#5b6880', warn, bad, denied] : ['#d5d9e1', '#a9b2c6', warn, bad, denied],
    crowd: dark ? ['#39414f28', '#5b688030', `${warn}90`, bad, denied] : ['#d5d9e128', '#8f9bb52c', `${warn}80`, bad, denied],
    faint: dark ? '#232933' : '#e9ebf0',
    text: color('--text'),
    dim: color('--text-2'),
    surface: color('--surface'),
    hull: dark ? '#1b212b' : '#ffffff',
    hullLine: color('--line-strong'),
    cluster: dark ? '#151921' : '#eff2f7',
    clusterLine: color('--line'),
    accent: color('--accent'),
  }
}
