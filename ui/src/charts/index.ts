export { type ChartData, type Gap, layOut, type Point, perSecond } from './prepare-series.ts'
export { Sparkline } from './sparkline.tsx'
export { type Line, TimeChart } from './time-chart.tsx'
