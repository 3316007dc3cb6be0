/**
 * V8's settings for this process, to be imported before anything else. It holds some 20 MB of objects while megabytes of
 * buffers come and go each second, and each such round asks V8 for a full collection: helper threads and small steps make
 * that two to three times dearer than doing it in one piece of some 15 ms (docs/benchmarks.md). A small nursery and
 * few arenas of the C library spare some 40 MB. Most of these can only be set at the start of a process, so it starts anew in its own place, whoever started it.
 */
const flags = ['--max-semi-space-size=1', '--single-threaded-gc', '--no-incremental-marking']

/** Of the C library: large buffers go back to the system at once instead of leaving holes in its heap (107 MB after an hour of a busy cluster). */
const allocation = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '1048576' }

const missing = flags.filter((flag) => !process.execArgv.some((told) => told.startsWith(flag.split('=')[0]!)))
// Not where it has a channel to its parent, which would be lost, nor where the system has no such call.
if (missing.length > 0 && process.channel === undefined && process.platform !== 'win32' && 'execve' in process)
  process.execve!(process.execPath, [process.execPath, ...process.execArgv, ...missing, ...process.argv.slice(1)], { ...allocation, ...process.env })
