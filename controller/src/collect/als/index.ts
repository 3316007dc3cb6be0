export { AlsReceiver, type AlsReceiverOptions, type Outcome } from './receiver.ts'
