import { PanoptesError } from '@panoptes/contract'

/** One option of a command: how it is written, what it means, and how its text becomes a value. */
export interface OptionSpec<T = unknown> {
  /** As commander takes it: `-l, --limit <n>`. */
  flags: string
  help: string
  fallback?: T
  read?(text: string): unknown
  choices?: readonly string[]
  many?: boolean
}

export type Options = Readonly<Record<string, OptionSpec>>
/** Values of a command's options by their long names in camel case. */
export type Values<O extends Options> = { [K in keyof O]: O[K] extends OptionSpec<infer T> ? T : never }

type Maybe<T> = OptionSpec<T | undefined>

export const text = (flags: string, help: string): Maybe<string> => ({ flags, help })
export const texts = (flags: string, help: string): OptionSpec<string[]> => ({ flags, help, many: true, fallback: [] })
export const textOr = (flags: string, help: string, fallback: string): OptionSpec<string> => ({ flags, help, fallback })
export const flag = (flags: string, help: string): OptionSpec<boolean> => ({ flags, help, fallback: false })

export function choice<const C extends readonly string[]>(flags: string, help: string, choices: C): Maybe<C[number]> {
  return { flags, help, choices }
}

export function choiceOr<const C extends readonly string[]>(flags: string, help: string, choices: C, fallback: C[number]): OptionSpec<C[number]> {
  return { flags, help, choices, fallback }
}

export function whole(flags: string, help: string): Maybe<number> {
  return { flags, help, read: (value) => readWhole(value, flags) }
}

function readWhole(value: string, flags: string): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number) || number < 0) throw new PanoptesError('PAN0003', `${longName(flags)} must be a whole number, not ${value}`)
  return number
}

/** A share as 99.9, 99.9% or 0.999. */
export function share(flags: string, help: string): Maybe<number> {
  return {
    flags,
    help,
    read: (value) => {
      const number = Number(value.replace(/%$/, ''))
      if (!(number >= 0 && number <= 100)) throw new PanoptesError('PAN0003', `${longName(flags)} must be a share as 99.9%, not ${value}`)
      return value.endsWith('%') || number > 1 ? number / 100 : number
    },
  }
}

export const longName = (flags: string): string => /--[\w-]+/.exec(flags)?.[0] ?? flags
