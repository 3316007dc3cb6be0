import { Skeleton } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { type Address, keptAddress } from '../../address/index.ts'
import { partClasses } from '../../parts/index.ts'

interface Props {
  label: string
  value: string | undefined
  note?: string | undefined | null
  tone?: 'bad' | 'warn' | undefined
  to: string
  address?: Address
}

/** One number that opens what it was made from. */
export function Tile({ label, value, note, tone, to, address = {} }: Props) {
  return (
    <Link to={to} search={(now: Address) => ({ ...keptAddress(now), ...address })} className={partClasses.tile}>
      <span className={partClasses.tileLabel}>{label}</span>
      <span className={partClasses.tileValue} style={tone && { color: `var(--${tone})` }}>
        {value ?? <Skeleton height={20} width={80} my={4} />}
      </span>
      <span className={partClasses.tileNote}>{note || '\u00a0'}</span>
    </Link>
  )
}
