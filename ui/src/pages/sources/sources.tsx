import { Page } from '../../parts/index.ts'

export function SourcesPage() {
  return <Page title="Sources">{null}</Page>
}
