import type { Proof } from '../proof.ts'
import { a02 } from './a02.ts'
import { a03 } from './a03.ts'
import { a04 } from './a04.ts'
import { a07 } from './a07.ts'
import { a08 } from './a08/index.ts'
import { a09 } from './a09.ts'
import { a10 } from './a10.ts'
import { a11 } from './a11/index.ts'
import { a12 } from './a12.ts'
import { a13 } from './a13/index.ts'
import { b01 } from './b01.ts'
import { b02 } from './b02/index.ts'
import { b03 } from './b03.ts'
import { b09 } from './b09.ts'

/** Every line of the Must show list that a program can prove, in order. */
export const proofs: readonly Proof[] = [a02, a03, a04, a07, a08, a09, a10, a11, a12, a13, b01, b02, b03, b09]
