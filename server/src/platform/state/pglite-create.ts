import { PGlite } from '@electric-sql/pglite'

// Creates the data folder named by the only argument. Runs as a process of its own: it takes ~900 MB for a moment.
const database = await PGlite.create({ dataDir: process.argv[2]! })
await database.close()
