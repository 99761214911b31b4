import type { Warning } from '../base/warning.ts'
import type { HostFacts } from '../host/facts.ts'
import type { Change } from './changes.ts'
import type { Conflict } from './conflicts.ts'

/** What every plan of a change of a host has: an apply, a gateway, a removal. Whoever plans changes nothing. */
export interface HostPlan {
  readonly changes: readonly Change[]
  /** The reasons against the change; empty if there are none. */
  readonly conflicts: readonly Conflict[]
  readonly warnings: readonly Warning[]
  /** Containers that stop, data that will be hidden, and who can't connect any more, or can again. The user has to agree. */
  readonly losses: readonly Warning[]
  readonly facts: HostFacts
  /** Is another apply unfinished? It has to be rolled back first, and the host has to be inspected again. */
  readonly isPending: boolean
}
