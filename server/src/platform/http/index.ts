export { toPanoptesError } from './error-answer.ts'
export { type Call, type Change, Encoded, type Handler, implement } from './implement.ts'
export { type Authenticate, nobody, type Principal, requireSameSite, requireScope } from './principal.ts'
export { createHttp, type HttpOptions } from './server.ts'
