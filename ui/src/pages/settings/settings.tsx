import { Page } from '../../parts/index.ts'

export function SettingsPage() {
  return <Page title="Settings">{null}</Page>
}
