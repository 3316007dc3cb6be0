#!/usr/bin/env node
import './flags.ts'

// Only after the settings, which may start this process anew.
const { run } = await import('./program.ts')
run()
