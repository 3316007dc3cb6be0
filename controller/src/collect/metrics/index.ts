export { type CounterRow, MetricsReceiver } from './receiver.ts'
