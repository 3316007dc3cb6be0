import type Graph from 'graphology'
import type Sigma from 'sigma'
import type { NodeHoverDrawingFunction, NodeLabelDrawingFunction } from 'sigma/rendering'
import type { Hull } from './hulls.ts'
import type { Palette } from './palette.ts'
import { bad, denied, isSecured, warn } from './prepare-map.ts'

const font = 'system-ui, sans-serif'

/** Room around the nodes of a hull, in units of the layout: less than half of what keeps two hulls apart. */
const room = { cluster: 58, group: 24 }

function padOf(sigma: Sigma, hull: Hull): number {
  const a = sigma.graphToViewport({ x: 0, y: 0 })
  const b = sigma.graphToViewport({ x: 100, y: 0 })
  return (Math.hypot(a.x - b.x, a.y - b.y) / 100) * (hull.cluster ? room.cluster : room.group)
}

/** Namespaces and clusters as rounded shapes under the graph. */
export function drawHulls(sigma: Sigma, ctx: CanvasRenderingContext2D, hulls: readonly Hull[], palette: Palette): void {
  const { width, height } = sigma.getDimensions()
  ctx.clearRect(0, 0, width, height)
  ctx.lineJoin = 'round'
  ctx.lineCap = 'round'
  for (const hull of hulls) {
    const points = hull.points.map((p) => sigma.graphToViewport(p))
    const pad = padOf(sigma, hull)
    ctx.beginPath()
    for (const p of points) ctx.lineTo(p.x, p.y)
    if (points.length === 1) ctx.lineTo(points[0]!.x + 0.01, points[0]!.y)
    ctx.closePath()
    ctx.lineWidth = pad * 2 + 2
    ctx.strokeStyle = hull.cluster ? palette.clusterLine : palette.hullLine
    ctx.stroke()
    ctx.lineWidth = pad * 2
    ctx.strokeStyle = hull.cluster ? palette.cluster : palette.hull
    ctx.stroke()
    ctx.fillStyle = ctx.strokeStyle
    ctx.fill()
  }
}

/** The names of namespaces and clusters, above everything; small hulls are named once one comes nearer. */
function drawNames(sigma: Sigma, ctx: CanvasRenderingContext2D, hulls: readonly Hull[], palette: Palette): void {
  ctx.textAlign = 'center'
  ctx.textBaseline = 'bottom'
  ctx.lineJoin = 'round'
  ctx.lineWidth = 4
  for (const hull of hulls) {
    const points = hull.points.map((p) => sigma.graphToViewport(p))
    const left = Math.min(...points.map((p) => p.x))
    const right = Math.max(...points.map((p) => p.x))
    const top = Math.min(...points.map((p) => p.y))
    const pad = padOf(sigma, hull)
    ctx.font = hull.cluster ? `650 13px ${font}` : `600 11px ${font}`
    if (!hull.cluster && (hulls.length > 24 || sigma.getDimensions().width < 600) && right - left + 2 * pad < ctx.measureText(hull.label).width) continue
    ctx.strokeStyle = hull.cluster ? palette.surface : palette.cluster
    ctx.strokeText(hull.label, (left + right) / 2, top - pad - 2)
    ctx.fillStyle = hull.cluster ? palette.text : palette.dim
    ctx.fillText(hull.label, (left + right) / 2, top - pad - 2)
  }
}

/** Shapes that go with the colours: what is failing, what is outside, and locks on edges with mutual TLS. */
export function drawMarks(
  sigma: Sigma,
  graph: Graph,
  ctx: CanvasRenderingContext2D,
  palette: Palette,
  hulls: readonly Hull[],
  lit: { nodes: Set<string>; edges: Set<string> } | undefined,
): void {
  const { width, height } = sigma.getDimensions()
  ctx.clearRect(0, 0, width, height)
  drawNames(sigma, ctx, hulls, palette)
  const ratio = sigma.getCamera().ratio
  const inside = (x: number, y: number) => x > -20 && y > -20 && x < width + 20 && y < height + 20
  const crowded = graph.order > 300 && ratio > 0.25
  graph.forEachNode((id, node) => {
    if (lit && !lit.nodes.has(id)) return
    const serious = node.level === bad || node.level === denied || node.level === warn
    if (crowded && !(serious && ratio < 0.6)) return
    const at = sigma.graphToViewport(node as { x: number; y: number })
    if (!inside(at.x, at.y)) return
    const r = sigma.scaleSize(node.size)
    ctx.fillStyle = palette.surface
    ctx.strokeStyle = palette.surface
    ctx.lineWidth = 1.6
    ctx.beginPath()
    if (serious) drawShape(ctx, node.level, at.x, at.y, r * 0.45)
    else if (node.kind === 'external') ctx.rect(at.x - r * 0.38, at.y - r * 0.38, r * 0.76, r * 0.76)
    else if (node.kind === 'unknown') ctx.arc(at.x, at.y, r * 0.55, 0, 7)
    else if (node.kind === 'service') ctx.arc(at.x, at.y, r * 0.3, 0, 7)
    ctx.fill()
  })
  if (!lit && graph.size > 60 && ratio > (graph.size > 400 ? 0.25 : 0.6)) return
  graph.forEachEdge((id, edge, __, ___, from, to) => {
    if (!(edge.marks & isSecured) || (lit && !lit.edges.has(id))) return
    const a = sigma.graphToViewport(from as { x: number; y: number })
    const b = sigma.graphToViewport(to as { x: number; y: number })
    if (Math.hypot(a.x - b.x, a.y - b.y) < 70) return
    const [x, y] = [a.x + (b.x - a.x) * 0.42, a.y + (b.y - a.y) * 0.42]
    if (inside(x, y)) drawLock(ctx, x, y, palette)
  })
}

function drawShape(ctx: CanvasRenderingContext2D, level: number, x: number, y: number, r: number): void {
  const corners =
    level === warn
      ? [
          [0, -1.2],
          [1.1, 0.8],
          [-1.1, 0.8],
        ]
      : level === bad
        ? [
            [0, -1.3],
            [1.3, 0],
            [0, 1.3],
            [-1.3, 0],
          ]
        : [
            [-1.2, -0.35],
            [1.2, -0.35],
            [1.2, 0.35],
            [-1.2, 0.35],
          ]
  for (const [dx, dy] of corners) ctx.lineTo(x + dx! * r, y + dy! * r)
  ctx.closePath()
}

function drawLock(ctx: CanvasRenderingContext2D, x: number, y: number, palette: Palette): void {
  ctx.fillStyle = palette.hull
  ctx.beginPath()
  ctx.arc(x, y, 6.5, 0, 7)
  ctx.fill()
  ctx.fillStyle = palette.dim
  ctx.strokeStyle = palette.dim
  ctx.lineWidth = 1.2
  ctx.fillRect(x - 3, y - 0.8, 6, 4.2)
  ctx.beginPath()
  ctx.arc(x, y - 1, 1.9, Math.PI, 0)
  ctx.stroke()
}

/** A node's name below it, readable on any ground. */
export function labelDrawer(palette: () => Palette): NodeLabelDrawingFunction {
  return (ctx, data, settings) => {
    if (!data.label) return
    ctx.font = `500 ${settings.labelSize}px ${font}`
    ctx.textAlign = 'center'
    ctx.textBaseline = 'top'
    ctx.lineJoin = 'round'
    ctx.lineWidth = 3.5
    ctx.strokeStyle = palette().hull
    ctx.strokeText(data.label, data.x, data.y + data.size + 2)
    ctx.fillStyle = palette().text
    ctx.fillText(data.label, data.x, data.y + data.size + 2)
  }
}

/** A pointed-at or chosen node: a ring around it. */
export function hoverDrawer(palette: () => Palette): NodeHoverDrawingFunction {
  const label = labelDrawer(palette)
  return (ctx, data, settings) => {
    ctx.beginPath()
    ctx.arc(data.x, data.y, data.size + 3, 0, 7)
    ctx.lineWidth = 2
    ctx.strokeStyle = palette().accent
    ctx.stroke()
    label(ctx, data as never, settings as never)
  }
}
