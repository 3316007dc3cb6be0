import { Page } from '../../parts/index.ts'

export function CompletenessPage() {
  return <Page title="Completeness">{null}</Page>
}
