export { maxMessage } from './frames.ts'
export { type Call, type GrpcOptions, GrpcServer, type Peer, peerOf, type TlsFiles } from './server.ts'
