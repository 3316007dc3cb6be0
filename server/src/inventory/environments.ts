import { Environment, type EnvironmentInput, PanoptesError } from '@panoptes/contract'
import { sql } from 'kysely'
import { newId, type State } from '../platform/state/index.ts'

type Db = State['db']
const columns = ['id', 'name', 'description', 'color', 'rules', 'createdBy', 'createdAt', 'updatedAt'] as const

interface Row {
  createdAt: Date
  updatedAt: Date
  [column: string]: unknown
}

const environmentOf = (row: Row): Environment => Environment.parse({ ...row, createdAt: row.createdAt.toISOString(), updatedAt: row.updatedAt.toISOString() })

/** Environments of an organization, by name. */
export async function listEnvironments(
  db: Db,
  org: string,
  { text, cursor, limit }: { text?: string | undefined; cursor?: string | undefined; limit: number },
): Promise<{ environments: Environment[]; next: string | null }> {
  let select = db.selectFrom('environments').select(columns).where('org', '=', org)
  if (cursor !== undefined) select = select.where('name', '>', cursor)
  if (text) select = select.where(sql<boolean>`position(lower(${text}) in lower(name || ' ' || description)) > 0`)
  const rows = await select
    .orderBy('name')
    .limit(limit + 1)
    .execute()
  const environments = rows.slice(0, limit).map(environmentOf)
  return { environments, next: rows.length > limit ? (environments.at(-1)?.name ?? null) : null }
}

/** Finds an environment by its id, else by its name. Throws PAN0007. */
export async function getEnvironment(db: Db, org: string, told: string): Promise<Environment> {
  const rows = await db
    .selectFrom('environments')
    .select(columns)
    .where('org', '=', org)
    .where((where) => where.or([where('id', '=', told), where('name', '=', told)]))
    .execute()
  const row = rows.find(({ id }) => id === told) ?? rows[0]
  if (!row) throw new PanoptesError('PAN0007', `there is no environment ${told}`)
  return environmentOf(row)
}

/** Throws PAN0008 where the name is taken. */
export async function createEnvironment(db: Db, org: string, createdBy: string, { rules, ...input }: EnvironmentInput): Promise<Environment> {
  const row = await db
    .insertInto('environments')
    .values({ id: newId(), org, createdBy, ...input, rules: JSON.stringify(rules) })
    .onConflict((conflict) => conflict.columns(['org', 'name']).doNothing())
    .returning(columns)
    .executeTakeFirst()
  if (!row) throw taken(input.name)
  return environmentOf(row)
}

export type EnvironmentChange = { [K in keyof EnvironmentInput]?: EnvironmentInput[K] | undefined }

/** Changes what is told. Throws PAN0007, PAN0008 where the new name is taken. */
export async function updateEnvironment(
  db: Db,
  org: string,
  told: string,
  { name, description, color, rules }: EnvironmentChange,
): Promise<{ before: Environment; after: Environment }> {
  return db.transaction().execute(async (tx) => {
    const before = await getEnvironment(tx, org, told)
    if (name !== undefined && name !== before.name) {
      const other = await tx.selectFrom('environments').select('id').where('org', '=', org).where('name', '=', name).executeTakeFirst()
      if (other) throw taken(name)
    }
    const row = await tx
      .updateTable('environments')
      .set({
        ...(name !== undefined && { name }),
        ...(description !== undefined && { description }),
        ...(color !== undefined && { color }),
        ...(rules && { rules: JSON.stringify(rules) }),
        updatedAt: new Date(),
      })
      .where('id', '=', before.id)
      .returning(columns)
      .executeTakeFirstOrThrow()
    return { before, after: environmentOf(row) }
  })
}

/** Throws PAN0007. */
export async function deleteEnvironment(db: Db, org: string, told: string): Promise<Environment> {
  const environment = await getEnvironment(db, org, told)
  await db.deleteFrom('environments').where('id', '=', environment.id).execute()
  return environment
}

const taken = (name: string) => new PanoptesError('PAN0008', `there is an environment ${name} already`, { field: 'name' })
