import { Button, PasswordInput, TextInput } from '@mantine/core'
import { accessRoutes } from '@panoptes/contract'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useAddress } from '../../address/index.ts'
import { Failure } from '../../parts/index.ts'
import { queryClient, sessionQuery, useChange } from '../../platform/index.ts'
import { Door } from './door.tsx'
import { LinkPage } from './link.tsx'
import { safeNext, tokenOf } from './prepare-next.ts'

/** E-mail and password; the one-time link of the first start has its own page. */
export function SignInPage() {
  const [byLink] = useState(() => tokenOf(location.hash) !== '')
  return byLink ? <LinkPage /> : <PasswordPage />
}

function PasswordPage() {
  const { address } = useAddress()
  const navigate = useNavigate()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const signIn = useChange(accessRoutes.signIn, [], (session) => {
    queryClient.setQueryData(sessionQuery.queryKey, session)
    void navigate({ href: safeNext(address.next) })
  })
  return (
    <Door>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          signIn.mutate({ body: { email, password } })
        }}
        style={{ display: 'grid', gap: 14 }}
      >
        <TextInput label="E-mail" type="email" autoComplete="username" value={email} onChange={(e) => setEmail(e.currentTarget.value)} required autoFocus />
        <PasswordInput label="Password" autoComplete="current-password" value={password} onChange={(e) => setPassword(e.currentTarget.value)} required />
        {signIn.error && <Failure error={signIn.error} />}
        <Button type="submit" loading={signIn.isPending}>
          Sign in
        </Button>
      </form>
      <p className="dim" style={{ margin: '16px 0 0' }}>
        First time here? <code>npm start</code> printed a sign-in link that works once. Lost it? Run <code>npx panoptes admin link</code> on the server machine.
      </p>
    </Door>
  )
}
