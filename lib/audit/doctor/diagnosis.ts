import type { DoctorStep } from './step.ts'

/** The result of `diagnose()`. */
export interface Diagnosis {
  /** The endpoint as users write it. Absent if none could be resolved. */
  readonly endpoint?: string
  /** Whether a client can connect. */
  readonly connects: boolean
  /** Whether no step has failed: a client can connect, and no danger was found. There may be warnings. */
  readonly ok: boolean
  /** How long it took, in milliseconds. */
  readonly milliseconds: number
  /** The findings: first the path of a connection up to its first fault, then the dangers. */
  readonly steps: readonly DoctorStep[]
}
