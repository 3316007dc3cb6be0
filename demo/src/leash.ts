// Loaded into each controller that the demo starts (node --import): when the demo dies, however it dies, its controllers
// stop as they would on SIGTERM, so that no orphan writes into a spool that the next demo opens.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.channel?.unref()
