import { useParams } from '@tanstack/react-router'
import { Suspense } from 'react'
import { Empty, Page, Waiting } from '../../parts/index.ts'
import { Alarms } from './alarms.tsx'
import { Audit } from './audit.tsx'
import { Controllers } from './controllers.tsx'
import { Retention } from './retention.tsx'
import { Sinks } from './sinks.tsx'
import { Tokens } from './tokens.tsx'
import { Users } from './users.tsx'

const sections = { alarms: Alarms, users: Users, tokens: Tokens, controllers: Controllers, sinks: Sinks, retention: Retention, audit: Audit }

export function SettingsPage() {
  const { section } = useParams({ from: '/frame/settings/$section' })
  const Section = sections[section as keyof typeof sections]
  if (!Section) {
    return (
      <Page title="Settings">
        <Empty title="There is no such setting" />
      </Page>
    )
  }
  return (
    <Suspense fallback={<Waiting what="settings" />}>
      <Section />
    </Suspense>
  )
}
