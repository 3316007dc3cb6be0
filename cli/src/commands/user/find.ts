import { accessRoutes, PanoptesError, type User } from '@panoptes/contract'
import type { Run } from '../../core/index.ts'

/** The user whom an e-mail address or an id names. Throws PAN0007. */
export async function findUser({ client, signal }: Pick<Run, 'client' | 'signal'>, who: string): Promise<User> {
  const { users } = await client().call(accessRoutes.listUsers, { query: { limit: 1_000, text: who.includes('@') ? who : undefined }, signal })
  const found = users.find((u) => u.id === who || u.email.toLowerCase() === who.toLowerCase())
  if (!found) throw new PanoptesError('PAN0007', `there is no user ${who}`, { hint: '`panoptes user list` names all.' })
  return found
}
