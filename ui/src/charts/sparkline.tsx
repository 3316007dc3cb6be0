/** A line without axes, for a cell; holes stay open. */
export function Sparkline({
  values,
  width = 90,
  height = 20,
  color = 'var(--series-1)',
}: {
  values: readonly (number | null)[]
  width?: number
  height?: number
  color?: string
}) {
  const max = Math.max(1e-9, ...values.map((v) => v ?? 0))
  const x = (i: number) => (i / Math.max(1, values.length - 1)) * width
  const y = (v: number) => height - 1 - (v / max) * (height - 3)
  let pen = false
  const path = values
    .map((v, i) => {
      if (v === null) {
        pen = false
        return ''
      }
      const step = `${pen ? 'L' : 'M'}${x(i).toFixed(1)} ${y(v).toFixed(1)}`
      pen = true
      return step
    })
    .join('')
  return (
    <svg width={width} height={height} aria-hidden style={{ display: 'block' }}>
      <path d={path} fill="none" stroke={color} strokeWidth={1.4} strokeLinejoin="round" />
    </svg>
  )
}
