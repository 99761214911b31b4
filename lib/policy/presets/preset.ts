import type { Level } from '../file/types.ts'
import type { OperationName } from '../levels/operations.ts'

/** What a tool needs, as a rule of a policy. */
export interface Preset {
  readonly name: string
  /** The tool, and its work. */
  readonly purpose: string
  readonly level: Level
  /** The operations, by what the tool does with them. Omitted: all that the level allows. */
  readonly operations?: Readonly<Record<string, readonly OperationName[]>>
  /** It sees and uses only what it made itself. */
  readonly owner?: true
  /** What to know before one uses it: sentences. */
  readonly notes: readonly string[]
}

/** The names of all operations, sorted, or undefined if the level decides alone. */
export function operationsOf({ operations }: Preset): OperationName[] | undefined {
  return operations && Object.values(operations).flat().toSorted()
}
