export { maxMessage } from './frames.ts'
export { type Call, type GrpcOptions, GrpcServer, type Peer, type TlsFiles } from './server.ts'
