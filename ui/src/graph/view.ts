import Graph from 'graphology'
import Sigma from 'sigma'
import { EdgeArrowProgram, EdgeLineProgram } from 'sigma/rendering'
import { drawHulls, drawMarks, hoverDrawer, labelDrawer } from './draw.ts'
import { edgeAt } from './edge-at.ts'
import { type Hull, hullsOf } from './hulls.ts'
import { type Palette, readPalette } from './palette.ts'
import type { Metrics, Structure } from './prepare-map.ts'
import type { Picture } from './protocol.ts'

interface Callbacks {
  onNode: (id: string) => void
  onEdge: (id: string) => void
  onGround: () => void
}

/** The map on its canvases. Known nodes never move; a live update writes new values in place and paints once. */
export class MapView {
  private graph = new Graph({ multi: true, type: 'directed' })
  private readonly sigma: Sigma
  private palette: Palette
  private dark: boolean
  private hulls: Hull[] = []
  /** What the hulls were last drawn from. */
  private drawn: unknown[] = []
  private scale = 1
  private painted = false
  private upright = false
  private many = false
  private nodes: Record<string, unknown>[] = []
  private edges: Record<string, unknown>[] = []
  private edgeIds: string[] = []
  private focused?: { nodes: Set<string>; edges: Set<string> }
  private found?: { nodes: Set<string>; edges: Set<string> }

  constructor(container: HTMLElement, dark: boolean, callbacks: Callbacks) {
    this.dark = dark
    this.palette = readPalette(dark)
    const palette = () => this.palette
    this.sigma = new Sigma(this.graph, container, {
      allowInvalidContainer: true,
      defaultEdgeType: 'arrow',
      edgeProgramClasses: { arrow: EdgeArrowProgram, line: EdgeLineProgram },
      defaultDrawNodeLabel: labelDrawer(palette),
      defaultDrawNodeHover: hoverDrawer(palette),
      labelSize: 11.5,
      labelDensity: 1,
      labelGridCellSize: 86,
      labelRenderedSizeThreshold: 5,
      minCameraRatio: 0.04,
      maxCameraRatio: 3,
      stagePadding: 74,
      zIndex: false,
      nodeReducer: (id, data) => this.reduceNode(id, data),
      edgeReducer: (id, data) => this.reduceEdge(id, data),
    })
    // sigma passes the place on to `createLayer`, though the type of this call does not say so.
    const layer = (id: string, beforeLayer: string) => this.sigma.createCanvasContext(id, { beforeLayer } as object)
    layer('hulls', 'edges')
    layer('marks', 'labels')
    this.sigma.resize(true)
    this.sigma.on('afterRender', () => {
      this.painted = this.graph.order > 0
      this.paintLayers()
    })
    this.sigma.on('clickNode', ({ node }) => callbacks.onNode(node))
    this.sigma.on('clickStage', ({ event }) => {
      const edge = edgeAt(this.sigma, this.graph, event)
      if (edge) callbacks.onEdge(edge)
      else callbacks.onGround()
    })
    const point = (shape: string) => () => (container.style.cursor = shape)
    this.sigma.on('enterNode', point('pointer')).on('leaveNode', point(''))
  }

  /** Shows a picture: its structure where it brings one, else only new values for what is there. */
  apply(picture: Picture): void {
    if (picture.structure) this.rebuild(picture.structure, picture)
    else {
      this.write(picture)
      // Before the first frame of a graph there is nothing to paint in place; that frame takes the new values anyway.
      if (!this.painted) return
      this.sigma.refresh({ partialGraph: { edges: this.edgeIds, nodes: this.graph.nodes() }, skipIndexation: true, schedule: true })
    }
  }

  /** Brightens what the ids name and their neighbours; undefined shows all alike. */
  focus(node: string | undefined, edge: string | undefined): void {
    const before = this.focused
    if (node && this.graph.hasNode(node)) this.focused = { nodes: new Set([node, ...this.graph.neighbors(node)]), edges: new Set(this.graph.edges(node)) }
    else if (edge && this.graph.hasEdge(edge)) this.focused = { nodes: new Set(this.graph.extremities(edge)), edges: new Set([edge]) }
    else this.focused = undefined
    if (before || this.focused) this.repaint()
  }

  /** Brightens what was found. */
  show(found: { nodes: string[]; edges: string[] } | undefined): void {
    const before = this.found
    this.found = found && { nodes: new Set(found.nodes), edges: new Set(found.edges) }
    if (before || found) this.repaint()
  }

  recolor(dark: boolean): void {
    if (this.dark === dark) return
    this.dark = dark
    this.palette = readPalette(dark)
    for (const node of this.nodes) node.color = this.palette.level[node.level as number]
    const colors = this.edgeColors()
    for (const edge of this.edges) edge.color = colors[edge.level as number]
    this.repaint()
  }

  zoom(by: 'in' | 'out' | 'fit'): void {
    const camera = this.sigma.getCamera()
    const options = { duration: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 200 }
    if (by === 'in') void camera.animatedZoom(options)
    else if (by === 'out') void camera.animatedUnzoom(options)
    else void camera.animatedReset(options)
  }

  /** Where a node stands on the screen, for tests and for moving the eye to it. */
  at(id: string): { x: number; y: number } | undefined {
    return this.graph.hasNode(id) ? this.sigma.graphToViewport(this.graph.getNodeAttributes(id) as { x: number; y: number }) : undefined
  }

  destroy(): void {
    this.sigma.kill()
  }

  private rebuild(structure: Structure, metrics: Metrics): void {
    const before = this.graph
    const stayed = structure.nodes.filter((n) => before.hasNode(n.id)).length
    const many = structure.edges.length > 3_000
    if (before.order === 0) this.settle()
    const changes = Math.abs(before.order - stayed) + structure.nodes.length - stayed + this.changedEdges(structure)
    const patched = before.order > 0 && changes < 300 && many === this.many
    if (!patched) {
      this.many = many
      this.graph = new Graph({ multi: true, type: 'directed' })
      this.sigma.setSetting('minEdgeThickness', many ? 0.5 : 1.4)
    }
    this.fill(structure)
    this.nodes = structure.nodes.map((n) => this.graph.getNodeAttributes(n.id))
    this.edges = structure.edges.map((e) => this.graph.getEdgeAttributes(e.id))
    this.edgeIds = structure.edges.map((e) => e.id)
    this.hulls = hullsOf(this.nodes as unknown as { group: string; cluster: string; x: number; y: number }[])
    this.write(metrics)
    this.painted = false
    if (patched) return void this.sigma.refresh({ schedule: true })
    const other = stayed < structure.nodes.length / 2
    if (other) this.sigma.setCustomBBox(null)
    this.sigma.setGraph(this.graph)
    // What was on the screen stays where it was, also when new nodes stretch the whole.
    if (other && this.graph.order > 0) this.sigma.setCustomBBox(this.sigma.getBBox())
  }

  /** Fits the map to the screen it begins on: higher than wide, it flows downwards instead of to the right. */
  private settle(): void {
    const { width, height } = this.sigma.getDimensions()
    this.upright = height > width * 1.15
    this.sigma.setSetting('stagePadding', Math.min(74, width * 0.09))
    this.scale = Math.min(1, Math.max(0.5, Math.min(width, height) / 640))
  }

  private changedEdges({ edges }: Structure): number {
    const stayed = edges.filter((e) => this.graph.hasEdge(e.id)).length
    return edges.length + this.graph.size - 2 * stayed
  }

  /** Adds what is new to the graph and drops what is gone. */
  private fill({ nodes, edges, x, y }: Structure): void {
    const { graph, upright } = this
    const ids = new Set([...nodes.map((n) => n.id), ...edges.map((e) => e.id)])
    for (const edge of graph.edges()) if (!ids.has(edge)) graph.dropEdge(edge)
    for (const node of graph.nodes()) if (!ids.has(node)) graph.dropNode(node)
    nodes.forEach((node, i) => {
      if (graph.hasNode(node.id)) return
      const place = upright ? { x: y[i], y: -x[i]! } : { x: x[i], y: -y[i]! }
      graph.addNode(node.id, { ...node, ...place, level: 0, size: 1, color: '' })
    })
    const type = this.many ? 'line' : 'arrow'
    for (const edge of edges) if (!graph.hasEdge(edge.id)) graph.addEdgeWithKey(edge.id, edge.from, edge.to, { type, level: 0, size: 1, marks: 0, color: '' })
  }

  private write(metrics: Metrics): void {
    const { nodes, edges, palette, scale } = this
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!
      const level = metrics.nodeLevel[i]!
      node.size = metrics.nodeSize[i]! * scale
      node.level = level
      node.color = palette.level[level]
    }
    const colors = this.edgeColors()
    for (let i = 0; i < edges.length; i++) {
      const edge = edges[i]!
      const level = metrics.edgeLevel[i]!
      edge.size = metrics.edgeSize[i]
      edge.level = level
      edge.marks = metrics.edgeMarks[i]
      edge.color = colors[level]
    }
  }

  private edgeColors(): readonly string[] {
    return this.edges.length > 3_000 ? this.palette.crowd : this.palette.edge
  }

  private reduceNode(id: string, data: Record<string, unknown>) {
    const set = this.focused ?? this.found
    if (!set) return data
    const lit = set.nodes.has(id)
    return { ...data, color: lit ? data.color : this.palette.faint, label: lit ? data.label : null, forceLabel: lit && set.nodes.size < 30 }
  }

  private reduceEdge(id: string, data: Record<string, unknown>) {
    const set = this.focused ?? this.found
    if (!set) return data
    return set.edges.has(id) ? { ...data, color: data.level === 1 ? this.palette.accent : data.color } : { ...data, color: this.palette.faint, size: 0.4 }
  }

  private repaint(): void {
    if (this.graph.order > 0) this.sigma.refresh({ schedule: true })
  }

  private paintLayers(): void {
    const canvases = this.sigma.getCanvases()
    // A live update leaves the hulls as they are, and a canvas that was drawn on is put together anew.
    const { width, height } = this.sigma.getDimensions()
    const drawn = [this.hulls, this.palette, width, height, devicePixelRatio, ...Object.values(this.sigma.getCamera().getState())]
    if (drawn.some((what, i) => what !== this.drawn[i])) {
      this.drawn = drawn
      drawHulls(this.sigma, canvases.hulls!.getContext('2d')!, this.hulls, this.palette)
    }
    drawMarks(this.sigma, this.graph, canvases.marks!.getContext('2d')!, this.palette, this.hulls, this.focused ?? this.found)
  }
}
