import { ActionIcon, Menu, useMantineColorScheme } from '@mantine/core'
import { accessRoutes } from '@panoptes/contract'
import { IconDeviceDesktop, IconLogout, IconMoon, IconSun, IconUserCircle, IconWorld } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useAddress } from '../address/index.ts'
import { client, queryClient, useSession } from '../platform/index.ts'

const themes = [
  { value: 'auto', label: 'Theme of the system', icon: IconDeviceDesktop },
  { value: 'light', label: 'Light', icon: IconSun },
  { value: 'dark', label: 'Dark', icon: IconMoon },
] as const

export function UserMenu() {
  const { user, organization, server } = useSession()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const { utc, set } = useAddress()
  const navigate = useNavigate()
  const signOut = async () => {
    await client.call(accessRoutes.signOut, {}).catch(() => undefined)
    queryClient.clear()
    await navigate({ to: '/sign-in', search: {} })
  }
  return (
    <Menu position="bottom-end" width={230} withArrow>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={30} aria-label={`Account of ${user.name}`}>
          <IconUserCircle size={20} stroke={1.6} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {user.name} · {user.role}
          <br />
          {organization.name}
        </Menu.Label>
        <Menu.Divider />
        {themes.map(({ value, label, icon: Icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon size={15} />}
            onClick={() => setColorScheme(value)}
            rightSection={colorScheme === value ? '✓' : undefined}
            closeMenuOnClick={false}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconWorld size={15} />} onClick={() => set({ utc: utc ? undefined : '1' })} rightSection={utc ? '✓' : undefined}>
          Times in UTC
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={15} />} onClick={signOut}>
          Sign out
        </Menu.Item>
        <Menu.Label>Panoptes {server.version}</Menu.Label>
      </Menu.Dropdown>
    </Menu>
  )
}
