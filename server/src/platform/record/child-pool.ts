import { type ChdbQueryStream, type ChdbResult, Session } from 'chdb'

export type Kind = 'read' | 'write' | 'control'

/** How many statements run at once. chDB runs one per connection; writers have their own so that readers never starve them. */
const sizes: Record<Kind, number> = { read: 6, write: 2, control: 1 }

/** What a statement is run with: settings and query parameters, in the text form of ClickHouse's HTTP interface. */
export type Options = Map<string, string>

const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`

/** No value is this: what is kept so is set anew. */
const unsure = '\0'
/** Longer values are not kept to compare with. */
const longest = 10_000

/** One chDB connection and the settings that the last statement left on it. */
export class Connection {
  readonly session: Session
  readonly kind: Kind
  /** Settings and parameters as they are set now. */
  private readonly left = new Map<string, string>()

  constructor(session: Session, kind: Kind) {
    this.session = session
    this.kind = kind
  }

  /** Whether it is set as a statement wants it. */
  fits(options: Options): boolean {
    const { sets, resets } = this.changes(options)
    return sets.length + resets.length === 0
  }

  /**
   * Sets what this statement wants otherwise than the one before, and puts back what only that one had set: setting takes as
   * long as a small question. Parameters stay: the next use of a name replaces it.
   */
  async prepare(options: Options): Promise<void> {
    const { sets, resets } = this.changes(options)
    if (sets.length + resets.length === 0) return
    const statement = `SET ${[...sets.map(([name, value]) => `${name}=${quote(value)}`), ...resets.map((name) => `${name}=DEFAULT`)].join(', ')}`
    // Where it fails in the middle, nobody knows what is set: all of it is put back or set anew the next time.
    for (const [name] of sets) this.left.set(name, unsure)
    // Values may be lists of thousands of names, and a statement may be 256 KiB long unless told otherwise.
    if (statement.length > 200_000) {
      await this.session.queryAsync(`SET max_query_size=${statement.length * 4}`)
      if (!options.has('max_query_size')) this.left.set('max_query_size', unsure)
    }
    await this.session.queryAsync(statement)
    for (const name of resets) if (name !== 'max_query_size' || statement.length <= 200_000) this.left.delete(name)
    for (const [name, value] of sets) this.left.set(name, value.length <= longest ? value : unsure)
  }

  private changes(options: Options) {
    return {
      sets: [...options].filter(([name, value]) => this.left.get(name) !== value),
      resets: [...this.left.keys()].filter((name) => !options.has(name) && !name.startsWith('param_')),
    }
  }

  async query(sql: string): Promise<ChdbResult> {
    try {
      return await this.session.queryAsync(sql, { format: 'TabSeparated' })
    } catch (error) {
      // What failed stays in the list of statements, with its memory, until the connection's next.
      await this.session.queryAsync('SELECT 1').catch(() => {})
      throw error
    }
  }

  stream(sql: string): ChdbQueryStream {
    return this.session.queryStream(sql, { format: 'TabSeparated' })
  }
}

/** chDB connections by kind, first come first served. */
export class SessionPool {
  private readonly free: Record<Kind, Connection[]> = { read: [], write: [], control: [] }
  private readonly waiting: Record<Kind, ((connection: Connection) => void)[]> = { read: [], write: [], control: [] }
  private readonly sessions: Session[] = []

  private constructor() {}

  /** Opens the folder. Throws chDB's error where it is locked (76) or cannot be read. */
  static async open(dataDir: string, configFile: string): Promise<SessionPool> {
    const pool = new SessionPool()
    for (const kind of ['control', 'write', 'read'] as const) {
      for (let i = 0; i < sizes[kind]; i++) {
        const session = new Session(dataDir, { connectionArgs: [`--config-file=${configFile}`] })
        pool.sessions.push(session)
        if (pool.sessions.length === 1) await session.queryAsync('CREATE DATABASE IF NOT EXISTS panoptes ENGINE = Atomic')
        await session.queryAsync('USE panoptes')
        pool.free[kind].push(new Connection(session, kind))
      }
    }
    return pool
  }

  /** Runs `work` on a connection of its own, one that is set as `options` say where there is one, waiting where all are busy. */
  async use<T>(kind: Kind, work: (connection: Connection) => Promise<T>, options: Options = new Map()): Promise<T> {
    const free = this.free[kind]
    const fitting = free.findLastIndex((connection) => connection.fits(options))
    // Else the one that was used the longest ago: its settings are wanted least.
    const connection = free.splice(Math.max(0, fitting), 1)[0] ?? (await new Promise<Connection>((resolve) => this.waiting[kind].push(resolve)))
    try {
      return await work(connection)
    } finally {
      const next = this.waiting[kind].shift()
      if (next) next(connection)
      else free.push(connection)
    }
  }

  /** Stops the statement that carries this tag, wherever it is. */
  async kill(tag: string): Promise<void> {
    await this.use('control', (c) => c.query(`KILL QUERY WHERE startsWith(query, ${quote(`/*${tag}*/`)}) ASYNC`))
  }

  close(): void {
    for (const session of this.sessions) session.close()
  }
}
