import { ActionIcon, Button, Group } from '@mantine/core'
import { IconExternalLink, IconX } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { type Address, keptAddress } from '../../address/index.ts'
import { Side } from '../../parts/index.ts'
import { AccessDetails } from './access-details.tsx'
import classes from './record.module.css'

/** One access beside the list, with its own address; the list stays usable. */
export function AccessDrawer({ id, onClose }: { id: string | undefined; onClose: () => void }) {
  return (
    <Side opened={id !== undefined} onClose={onClose} size={620} label="One access">
      <Group justify="space-between" px={16} py={8} className={classes.drawerHead}>
        <strong>Access</strong>
        <Group gap={4}>
          {id && (
            <Button
              component={Link}
              to="/record/$id"
              params={{ id } as never}
              search={((now: Address) => keptAddress(now)) as never}
              size="compact-xs"
              variant="subtle"
              color="gray"
              leftSection={<IconExternalLink size={14} />}
            >
              Open in full
            </Button>
          )}
          <ActionIcon variant="subtle" color="gray" onClick={onClose} aria-label="Close the access">
            <IconX size={16} />
          </ActionIcon>
        </Group>
      </Group>
      {id && <AccessDetails id={id} />}
    </Side>
  )
}
