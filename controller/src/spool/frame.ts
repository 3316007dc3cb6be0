import { crc32 } from 'node:zlib'
import type { BatchMeta, PackedBatch } from '../batch/index.ts'

const magic = 0x31464e50 // "PNF1"
export const frameHead = 20
const maxMeta = 16 * 1024 * 1024
const maxPayload = 64 * 1024 * 1024

/**
 * A batch as it lies in a segment: magic, its index in the segment, lengths of meta and payload, CRC-32 of all the rest;
 * then meta (JSON) and payload.
 */
export function encodeFrame(index: number, { meta, payload }: PackedBatch): Buffer {
  // who had how many rows stands in the index, which is there for the case that this frame is lost
  const json = Buffer.from(JSON.stringify({ ...meta, proxies: {} }))
  const frame = Buffer.allocUnsafe(frameHead + json.length + payload.length)
  frame.writeUInt32LE(magic, 0)
  frame.writeUInt32LE(index, 4)
  frame.writeUInt32LE(json.length, 8)
  frame.writeUInt32LE(payload.length, 12)
  json.copy(frame, frameHead)
  payload.copy(frame, frameHead + json.length)
  frame.writeUInt32LE(checksum(frame), 16)
  return frame
}

function checksum(frame: Buffer): number {
  return crc32(frame.subarray(frameHead), crc32(frame.subarray(0, 16)))
}

export interface FrameHead {
  index: number
  metaLength: number
  payloadLength: number
  length: number
}

/** Reads a frame's head; undefined where there is none. */
export function readHead(head: Buffer): FrameHead | undefined {
  if (head.length < frameHead || head.readUInt32LE(0) !== magic) return undefined
  const metaLength = head.readUInt32LE(8)
  const payloadLength = head.readUInt32LE(12)
  if (metaLength > maxMeta || payloadLength > maxPayload) return undefined
  return { index: head.readUInt32LE(4), metaLength, payloadLength, length: frameHead + metaLength + payloadLength }
}

/** Reads a whole frame; undefined where its checksum does not fit. */
export function decodeFrame(frame: Buffer): { index: number; batch: PackedBatch } | undefined {
  const head = readHead(frame)
  if (!head || frame.length < head.length) return undefined
  const whole = frame.subarray(0, head.length)
  if (checksum(whole) !== whole.readUInt32LE(16)) return undefined
  const meta = JSON.parse(whole.toString('utf8', frameHead, frameHead + head.metaLength)) as BatchMeta
  return { index: head.index, batch: { meta, payload: whole.subarray(frameHead + head.metaLength) } }
}

/** Where the next frame may begin at or after `from`; -1 where no magic is left. */
export function findFrame(bytes: Buffer, from: number): number {
  return bytes.indexOf('PNF1', from, 'latin1')
}
