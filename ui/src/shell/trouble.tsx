import { Button } from '@mantine/core'
import { type ErrorComponentProps, Link } from '@tanstack/react-router'
import { Empty, Failure } from '../parts/index.ts'

/** What the console shows when it cannot even begin. */
export function Trouble({ error, reset }: ErrorComponentProps) {
  return (
    <main style={{ maxWidth: 560, margin: '12vh auto', padding: 16 }}>
      <h1 className="visually-hidden">Panoptes</h1>
      <Failure
        error={error}
        retry={() => {
          reset()
          location.reload()
        }}
      />
    </main>
  )
}

export function Lost() {
  return (
    <main style={{ paddingTop: '12vh' }}>
      <h1 className="visually-hidden">Not found</h1>
      <Empty title="There is no such page">
        <Button component={Link} to="/" variant="default" size="xs" mt="md">
          To the overview
        </Button>
      </Empty>
    </main>
  )
}
