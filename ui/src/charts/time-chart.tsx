import 'uplot/dist/uPlot.min.css'
import { useComputedColorScheme } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import classes from './charts.module.css'
import type { ChartData, Gap } from './prepare-series.ts'

export interface Line {
  label: string
  /** CSS variable of its colour, as `--series-1`. */
  color: string
  kind?: 'line' | 'area' | 'bars'
}

interface Props {
  label: string
  data: ChartData
  lines: readonly Line[]
  /** Window of the axis, in seconds. */
  from: number
  to: number
  gaps?: readonly Gap[]
  unit: (value: number) => string
  utc: boolean
  height?: number
  /** Called with the window that was dragged over, in ms. */
  onSelect?: (fromMs: number, toMs: number) => void
  legend?: boolean
}

const cssColor = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/** Draws the holes of the record as hatched bands under the lines. */
function drawGaps(plot: uPlot, gaps: readonly Gap[]) {
  const { ctx, bbox } = plot
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  ctx.strokeStyle = cssColor('--hatch')
  ctx.lineWidth = devicePixelRatio
  for (const gap of gaps) {
    const a = plot.valToPos(Date.parse(gap.from) / 1000, 'x', true)
    const b = Math.max(a + 2 * devicePixelRatio, plot.valToPos(Date.parse(gap.to) / 1000, 'x', true))
    ctx.save()
    ctx.beginPath()
    ctx.rect(a, bbox.top, b - a, bbox.height)
    ctx.clip()
    ctx.beginPath()
    for (let x = a - bbox.height; x < b; x += 6 * devicePixelRatio) {
      ctx.moveTo(x, bbox.top + bbox.height)
      ctx.lineTo(x + bbox.height, bbox.top)
    }
    ctx.stroke()
    ctx.restore()
  }
  ctx.restore()
}

/** A chart over time. All charts of a page share one cursor; dragging chooses a window. */
export function TimeChart({ label, data, lines, from, to, gaps = [], unit, utc, height = 150, onSelect, legend = true }: Props) {
  const { ref, width } = useElementSize()
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const latest = useRef({ gaps, unit, onSelect, from, to })
  latest.current = { gaps, unit, onSelect, from, to }
  const long = to - from > 20_000
  const scheme = useComputedColorScheme()
  const shape = JSON.stringify([lines, utc, scheme, height, legend, long])
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for lines, zone and colours; data follow below
  useEffect(() => {
    if (!host.current || width < 20) return
    const bars = uPlot.paths.bars!({ size: [0.82, 60], gap: 1 })
    const axis = {
      stroke: cssColor('--text-2'),
      grid: { stroke: cssColor('--line'), width: 1 },
      ticks: { stroke: cssColor('--line'), size: 4 },
      font: '11px system-ui, sans-serif',
    }
    const made = new uPlot(
      {
        width,
        height,
        tzDate: (s) => (utc ? uPlot.tzDate(new Date(s * 1000), 'Etc/UTC') : new Date(s * 1000)),
        padding: [8, 8, 0, 0],
        cursor: { sync: { key: 'panoptes' }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
        legend: { show: legend, live: true },
        scales: { x: { time: true, range: () => [latest.current.from, latest.current.to] }, y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] } },
        axes: [
          {
            ...axis,
            values: [
              [86400, '{MM}-{DD}', null, null, null, null, null, null, 1],
              [3600, '{HH}:{mm}', '\n{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
              [60, '{HH}:{mm}', null, null, null, null, null, null, 1],
              [1, '{HH}:{mm}:{ss}', null, null, null, null, null, null, 1],
            ] as uPlot.Axis.Values,
            size: long ? 36 : 24,
          },
          { ...axis, size: 58, values: (_, ticks) => ticks.map((t) => latest.current.unit(t)) },
        ],
        series: [
          { label: 'Time', value: '{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}' },
          ...lines.map((line) => ({
            label: line.label,
            stroke: cssColor(line.color),
            width: line.kind === 'bars' ? 0 : 1.6,
            fill:
              line.kind === 'bars' ? cssColor(line.color) : line.kind === 'area' ? `color-mix(in srgb, ${cssColor(line.color)} 18%, transparent)` : undefined,
            paths: line.kind === 'bars' ? bars : undefined,
            points: { show: line.kind === 'bars' ? false : undefined, size: 4 },
            spanGaps: false,
            value: (_: uPlot, v: number | null) => (v === null ? '–' : latest.current.unit(v)),
          })),
        ],
        hooks: {
          drawClear: [(u) => drawGaps(u, latest.current.gaps)],
          setSelect: [
            (u) => {
              const { left, width: wide } = u.select
              if (wide > 4 && latest.current.onSelect) latest.current.onSelect(u.posToVal(left, 'x') * 1000, u.posToVal(left + wide, 'x') * 1000)
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
            },
          ],
        },
      },
      data as uPlot.AlignedData,
      host.current,
    )
    plot.current = made
    return () => made.destroy()
  }, [shape, width])
  useEffect(() => plot.current?.setData(data as uPlot.AlignedData), [data])
  const sums = lines.map((line, i) => `${line.label}: ${summary(data[i + 1] ?? [], unit)}`).join('; ')
  return (
    <div ref={ref} className={classes.chart} style={{ minHeight: height }} role="img" aria-label={`${label}. ${sums}`}>
      <div ref={host} />
    </div>
  )
}

function summary(values: readonly (number | null)[], unit: (value: number) => string): string {
  const known = values.filter((v): v is number => v !== null)
  return known.length === 0 ? 'no data' : `${unit(Math.min(...known))} to ${unit(Math.max(...known))}`
}
