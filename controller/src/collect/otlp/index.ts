export { targets } from './fields.ts'
export { OtlpHttpServer } from './http.ts'
export { otlpFromJson } from './json.ts'
export { OtlpReceiver } from './receiver.ts'
