import { Button, Loader } from '@mantine/core'
import { accessRoutes } from '@panoptes/contract'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { Failure } from '../../parts/index.ts'
import { queryClient, sessionQuery, useChange } from '../../platform/index.ts'
import { Door } from './door.tsx'
import { tokenOf } from './prepare-next.ts'

/** The one-time link, `/sign-in#token=…`: the token stands behind the #, so that no server log ever holds it. It works once. */
export function LinkPage() {
  const navigate = useNavigate()
  const sent = useRef(false)
  const signIn = useChange(accessRoutes.signInByLink, [], (session) => {
    queryClient.setQueryData(sessionQuery.queryKey, session)
    void navigate({ to: '/', search: {}, replace: true })
  })
  const [token] = useState(() => tokenOf(location.hash))
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, however often React looks
  useEffect(() => {
    if (sent.current || !token) return
    sent.current = true
    signIn.mutate({ body: { token } })
  }, [])
  if (!token || signIn.error) {
    return (
      <Door>
        {signIn.error ? <Failure error={signIn.error} /> : <p style={{ marginTop: 0 }}>This address lacks its token: copy the whole link.</p>}
        <Button component={Link} to="/sign-in" variant="default" mt="md" fullWidth>
          Sign in with a password
        </Button>
      </Door>
    )
  }
  return (
    <Door>
      <div style={{ display: 'flex', gap: 12, alignItems: 'center' }} role="status">
        <Loader size="sm" /> Signing in…
      </div>
    </Door>
  )
}
