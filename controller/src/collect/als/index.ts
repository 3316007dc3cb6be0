export { EntryDecoder } from './decoder.ts'
export { AlsReceiver, type AlsReceiverOptions, type Outcome } from './receiver.ts'
