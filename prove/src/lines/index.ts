import type { Proof } from '../proof.ts'

/** Every line of the Must show list that a program can prove, in order. */
export const proofs: readonly Proof[] = []
