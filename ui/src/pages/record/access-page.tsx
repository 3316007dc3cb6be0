import { useParams } from '@tanstack/react-router'
import { Card, Page } from '../../parts/index.ts'
import { AccessDetails } from './access-details.tsx'

/** One access on a page of its own. */
export function AccessPage() {
  const { id } = useParams({ from: '/frame/record/$id' })
  return (
    <Page title="Access">
      <Card flush>
        <AccessDetails id={id} />
      </Card>
    </Page>
  )
}
