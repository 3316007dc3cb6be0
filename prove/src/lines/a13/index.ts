import { startServer } from '../../lab/product.ts'
import { defineProof } from '../../proof.ts'
import { proveAudit } from './audit.ts'
import { proveBackup } from './backup.ts'
import { proveLostLink } from './lost-link.ts'
import { proveRetention } from './retention.ts'

export const a13 = defineProof({
  line: 'A.13',
  title: 'Backup under load and restore, retention by age and size, a lost sign-in link, an audit log without holes',
  async run(run) {
    const server = await startServer(run)
    await proveAudit(run, server)
    await proveLostLink(run, server)
    await proveRetention(run, server)
    await proveBackup(run, server)
  },
})
