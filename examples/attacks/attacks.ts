import type { Attack } from './attack.ts'
import { CERTIFICATES } from './rows/certificates.ts'
import { CLIENTS } from './rows/clients.ts'
import { CONTAINERS } from './rows/containers.ts'
import { NAMESPACES } from './rows/namespaces.ts'
import { OPEN_PORT } from './rows/open-port.ts'

/** All attacks, by what makes them possible. */
export const GROUPS: readonly (readonly [title: string, attacks: readonly Attack[]])[] = [
  ['The port is open', OPEN_PORT],
  ['The daemon lets in the wrong clients', CERTIFICATES],
  ['The client trusts anyone', CLIENTS],
  ['A container reaches the host', [...CONTAINERS, ...NAMESPACES]],
]

/** All attacks, in the order in which they are shown. */
export const ATTACKS: readonly Attack[] = GROUPS.flatMap(([, attacks]) => attacks)
