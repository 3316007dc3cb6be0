import type { LayoutEdge, Spot } from './spot.ts'

export interface Disc extends Spot {
  r: number
  cluster: string
  /** Mean steps from the edge of the system: the map flows from left to right by it. */
  rank: number
}

const gap = 26

/** The nearest place to a goal where a disc touches none of the others: a spiral outwards. */
export function freePlace(goal: Spot & { r: number }, others: readonly (Spot & { r: number })[]): Spot {
  const step = Math.max(6, goal.r * 0.5)
  for (let k = 0; k < 4_000; k++) {
    const distance = step * Math.sqrt(k)
    const x = goal.x + Math.cos(k * 2.399963) * distance
    const y = goal.y + Math.sin(k * 2.399963) * distance
    if (others.every((o) => Math.hypot(o.x - x, o.y - y) >= o.r + goal.r)) return { x, y }
  }
  return { x: goal.x, y: goal.y }
}

/** Draws groups that talk together near each other, within their clusters, by force and without overlap. */
export function relaxGroups(discs: Disc[], springs: readonly LayoutEdge[]): void {
  const size = Math.sqrt(discs.reduce((sum, d) => sum + d.r * d.r * 4, 0))
  const ranks = discs.map((d) => d.rank)
  const [low, high] = [Math.min(...ranks), Math.max(...ranks)]
  discs.forEach((d, i) => {
    d.x = ((d.rank - low) / (high - low || 1) - 0.5) * size
    d.y = Math.sin(i * 2.399963) * size * 0.7
  })
  const homeX = discs.map((d) => d.x)
  const rounds = 220
  for (let round = 0; round < rounds; round++) {
    const heat = 1 - round / rounds
    for (const [a, b, weight] of springs) {
      if (discs[a]!.cluster !== discs[b]!.cluster) continue
      const [p, q] = [discs[a]!, discs[b]!]
      const dx = q.x - p.x
      const dy = q.y - p.y
      const away = Math.hypot(dx, dy) - p.r - q.r - gap
      if (away <= 0) continue
      const pull = Math.min(0.08, 0.012 * Math.log2(2 + weight)) * heat
      p.x += dx * pull
      p.y += dy * pull
      q.x -= dx * pull
      q.y -= dy * pull
    }
    discs.forEach((d, i) => {
      d.x += (homeX[i]! - d.x) * 0.05 * heat
      d.y -= d.y * 0.006 * heat
    })
    pushApart(discs, (p, q) => p.cluster === q.cluster)
  }
}

function pushApart(discs: Disc[], together: (p: Disc, q: Disc) => boolean): boolean {
  let moved = false
  for (let i = 0; i < discs.length; i++) {
    for (let j = i + 1; j < discs.length; j++) {
      const [p, q] = [discs[i]!, discs[j]!]
      if (!together(p, q)) continue
      const dx = q.x - p.x || 0.01
      const dy = q.y - p.y || 0.01 * (i - j)
      const distance = Math.hypot(dx, dy)
      const overlap = p.r + q.r + gap - distance
      if (overlap <= 0) continue
      const push = overlap / 2 / distance
      p.x -= dx * push
      p.y -= dy * push
      q.x += dx * push
      q.y += dy * push
      moved = true
    }
  }
  return moved
}

/** Sets clusters beside each other in rows, with unknown callers on the left and the outside world on the right. */
export function separate(discs: Disc[]): void {
  for (let round = 0; round < 200 && pushApart(discs, (p, q) => p.cluster === q.cluster); round++);
  const clusters = [...new Set(discs.map((d) => d.cluster))]
  const order = (c: string) => (c === '\u0000unknown' ? 0 : c === '\u0000external' ? 2 : 1)
  const boxes = clusters
    .map((cluster) => {
      const own = discs.filter((d) => d.cluster === cluster)
      const x0 = Math.min(...own.map((d) => d.x - d.r))
      const x1 = Math.max(...own.map((d) => d.x + d.r))
      const y0 = Math.min(...own.map((d) => d.y - d.r))
      const y1 = Math.max(...own.map((d) => d.y + d.r))
      return { cluster, own, x0, y0, w: x1 - x0, h: y1 - y0 }
    })
    .sort((a, b) => order(a.cluster) - order(b.cluster) || (a.cluster < b.cluster ? -1 : 1))
  const between = gap * 4
  const inside = boxes.filter((b) => order(b.cluster) === 1)
  const area = inside.reduce((sum, b) => sum + (b.w + between) * (b.h + between), 0)
  const rowWidth = Math.max(Math.sqrt(area * 2.6), ...inside.map((b) => b.w))
  let [x, y, rowHeight, right] = [0, 0, 0, 0]
  const put = (box: (typeof boxes)[number], toX: number, toY: number) => {
    for (const d of box.own) {
      d.x += toX - box.x0
      d.y += toY - box.y0
    }
  }
  for (const box of inside) {
    if (x > 0 && x + box.w > rowWidth * 1.05) [x, y, rowHeight] = [0, y + rowHeight + between, 0]
    put(box, x, y)
    x += box.w + between
    right = Math.max(right, x)
    rowHeight = Math.max(rowHeight, box.h)
  }
  const middle = (y + rowHeight) / 2
  for (const box of boxes) {
    if (order(box.cluster) === 0) put(box, -box.w - between, middle - box.h / 2)
    if (order(box.cluster) === 2) put(box, right, middle - box.h / 2)
  }
  stretch(discs)
}

/** Uses the height of a screen: a picture much wider than high is drawn out downwards, which brings nothing closer together. */
function stretch(discs: Disc[]): void {
  const span = (of: (d: Disc) => number) => Math.max(...discs.map((d) => of(d) + d.r)) - Math.min(...discs.map((d) => of(d) - d.r))
  const factor = Math.min(1.7, span((d) => d.x) / span((d) => d.y) / 1.6)
  if (factor > 1) for (const d of discs) d.y *= factor
}
