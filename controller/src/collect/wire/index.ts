export { Cursor, maxDepth, WireError } from './cursor.ts'
export { identifier, nodeVersion, plainStruct } from './node.ts'
export { type Field, type Message, readMessage, type Value } from './schema.ts'
