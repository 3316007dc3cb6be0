/** Node cuts small buffers from shared memory of this size at most: what is larger is on its own. */
const largestShared = 64 * 1024

/**
 * Gives the memory of a large buffer back at once. Megabytes that are left to the garbage collector make it run over all
 * objects again and again. Nobody may look at the buffer, at parts of it, or be writing it anywhere, from then on.
 */
export function releaseBytes({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > largestShared) buffer.transfer(0)
}
