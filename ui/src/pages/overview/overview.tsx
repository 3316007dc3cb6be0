import { Page } from '../../parts/index.ts'

export function OverviewPage() {
  return <Page title="Overview">{null}</Page>
}
