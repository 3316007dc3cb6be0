import { ActionIcon, Button, Drawer, Group, Modal } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import classes from './parts.module.css'
import { Failure } from './states.tsx'

interface DialogProps {
  opened: boolean
  onClose: () => void
  title: string
  size?: number
  children: ReactNode
}

/** A window over the page. Built from the parts, since the ready-made one puts a second page header into the document. */
export function Dialog({ opened, onClose, title, size = 460, children }: DialogProps) {
  return (
    <Modal.Root opened={opened} onClose={onClose} size={size} centered>
      <Modal.Overlay />
      <Modal.Content>
        <div className={classes.dialogHead}>
          <Modal.Title fw={600}>{title}</Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  )
}

/** Details beside the page, which stays usable. */
export function Side({ opened, onClose, label, size, children }: { opened: boolean; onClose: () => void; label: string; size: number; children: ReactNode }) {
  return (
    <Drawer.Root
      opened={opened}
      onClose={onClose}
      position="right"
      size={size}
      lockScroll={false}
      trapFocus={false}
      returnFocus={false}
      closeOnClickOutside={false}
      classNames={{ inner: classes.sideInner, content: classes.side }}
    >
      <Drawer.Content aria-label={label} aria-labelledby={undefined}>
        <Drawer.Body p={0}>{children}</Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  )
}

/** What stands in a Side: what it is about, how that stands, the way out, then the details. */
export function SideBody({ title, state, onClose, children }: { title: string; state?: ReactNode; onClose: () => void; children: ReactNode }) {
  return (
    <div className={classes.sideBody}>
      <div className={classes.sideHead}>
        <div>
          <h2>{title}</h2>
          {state}
        </div>
        <ActionIcon variant="subtle" color="gray" onClick={onClose} aria-label="Close">
          <IconX size={16} />
        </ActionIcon>
      </div>
      {children}
    </div>
  )
}

interface ConfirmProps {
  label: string
  title: string
  /** What will change. */
  children: ReactNode
  confirm: string
  onConfirm: () => Promise<unknown>
  disabled?: boolean
  size?: string
}

/** A button for what cannot be undone: says what will change before it does. */
export function Confirm({ label, title, children, confirm, onConfirm, disabled = false, size = 'compact-xs' }: ConfirmProps) {
  const [opened, setOpened] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const run = async () => {
    setBusy(true)
    setError(undefined)
    try {
      await onConfirm()
      setOpened(false)
    } catch (failure) {
      setError(failure)
    }
    setBusy(false)
  }
  return (
    <>
      <Button size={size} variant="default" disabled={disabled} onClick={() => setOpened(true)}>
        {label}
      </Button>
      <Dialog opened={opened} onClose={() => setOpened(false)} title={title}>
        <div className="dim">{children}</div>
        {error !== undefined && <Failure error={error} />}
        <Group justify="flex-end" mt={16} gap="sm">
          <Button variant="default" size="xs" onClick={() => setOpened(false)}>
            Cancel
          </Button>
          <Button size="xs" loading={busy} onClick={() => void run()} className={classes.danger}>
            {confirm}
          </Button>
        </Group>
      </Dialog>
    </>
  )
}
