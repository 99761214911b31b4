import type { Machine } from './machine.ts'
import type { Connections } from './measures/connections.ts'
import type { EventsLine, FootprintLine } from './measures/jobs.ts'
import type { GatewayMemory } from './measures/gateway-memory.ts'
import type { Gateways } from './measures/gateways.ts'
import type { KeySetLine } from './measures/key-sets.ts'
import type { LargeList } from './measures/large-list.ts'
import type { LogFigures } from './measures/logs.ts'
import type { MemoryLine } from './measures/memory.ts'
import type { Rates } from './measures/requests.ts'
import type { SilentPort } from './measures/silent-port.ts'
import type { StartLine } from './measures/start-up.ts'
import type { Line, Problem } from './rounds.ts'

export interface Figures {
  /** In milliseconds. */
  imports?: readonly Line[]
  /** The commands that read or render, and a bare Node process. */
  commands?: readonly Line[]
  /** In milliseconds. */
  firstPings?: readonly StartLine[]
  /** In requests per second. */
  requests?: readonly Rates[]
  /** In milliseconds. */
  connections?: readonly Connections[]
  /** In milliseconds. */
  keySets?: readonly KeySetLine[]
  silentPort?: SilentPort
  /** The same client through our gateway, through HAProxy and directly. Only if it is named. */
  gateways?: Gateways
  gatewayMemory?: GatewayMemory
  /** In bytes. */
  memory?: readonly MemoryLine[]
  /** A container's log, sent by the daemon. */
  logs?: LogFigures
  /** The same frames from a server that only sends. */
  replay?: LogFigures
  archiveDown?: readonly FootprintLine[]
  archiveUp?: readonly FootprintLine[]
  /** In milliseconds. */
  listing?: readonly Line[]
  /** 10,000 containers of a server that only lists them. */
  largeList?: LargeList
  events?: readonly EventsLine[]
  execs?: readonly FootprintLine[]
}

/** The content of the JSON file. */
export interface Results {
  readonly date: string
  readonly short: boolean
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  readonly missing: readonly string[]
  readonly figures: Figures
  readonly targets: readonly Target[]
  readonly problems: readonly Problem[]
}

export interface Target {
  readonly what: string
  readonly wanted: string
  readonly measured: string
  readonly reached: boolean
}
