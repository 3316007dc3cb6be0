import { Button, Group, PasswordInput } from '@mantine/core'
import { accessRoutes } from '@panoptes/contract'
import { useState } from 'react'
import { Dialog, Failure } from '../parts/index.ts'
import { useChange, useSession } from '../platform/index.ts'

/** After a sign-in by link, while there is no password: asks for one, or later. */
export function PasswordPrompt() {
  const { needsPassword, user } = useSession()
  const [later, setLater] = useState(() => sessionStorage.getItem('password-later') === '1')
  const [password, setPassword] = useState('')
  const change = useChange(accessRoutes.setPassword, [accessRoutes.getSession.operationId])
  const dismiss = () => {
    sessionStorage.setItem('password-later', '1')
    setLater(true)
  }
  return (
    <Dialog opened={needsPassword && !later} onClose={dismiss} title="Set a password">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          change.mutate({ body: { password } })
        }}
        style={{ display: 'grid', gap: 12 }}
      >
        <div className="dim">You signed in as {user.email} by a link that works once. With a password you can come back.</div>
        <PasswordInput
          label="New password"
          description="At least 10 characters"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="new-password"
          data-autofocus
        />
        {change.error && <Failure error={change.error} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" size="xs" onClick={dismiss}>
            Later
          </Button>
          <Button type="submit" size="xs" loading={change.isPending} disabled={password.length < 10}>
            Set password
          </Button>
        </Group>
      </form>
    </Dialog>
  )
}
