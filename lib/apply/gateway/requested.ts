import type { SettingsInForce } from '../../daemon-config/settings-in-force.ts'
import type { FoundUnit } from '../../daemon-config/unit/installed-unit.ts'
import type { HostFacts } from '../../host/facts.ts'
import type { ServerFiles } from '../server-files.ts'
import type { ProgramFault } from './program.ts'
import type { GatewayState } from './state.ts'

/** The files of an issuer, as PEM. */
export interface IssuerTexts {
  readonly cert: string
  readonly key: string
}

/** The issuer that a gateway will have. */
export interface PlannedIssuer {
  /** The folder that the unit names. */
  readonly folder: string
  /** Its certificate; undefined if that can't be read. */
  readonly cert: string | undefined
  /** The files to write. Absent: those that are there stay. */
  readonly texts?: IssuerTexts
}

/**
 * Chooses the policy by the one that is there when the host is inspected: an earlier text may be older than that, or of an apply
 * that is rolled back first.
 *
 * @returns a valid policy
 */
export type PolicyChoice = (existing: string | undefined) => string

/** The requested gateway. */
export interface RequestedGateway {
  /** Node, and the script to run. */
  readonly program: readonly [node: string, script: string]
  readonly programFaults: readonly ProgramFault[]
  /** A valid policy, or what chooses one. */
  readonly policy: string | PolicyChoice
  /** Revocation lists as PEM. Absent: the one that is there stays. */
  readonly crl?: string | undefined
  /** Certificate and key of the issuer, which renews certificates. Absent: the one that is there stays. `false`: none. */
  readonly issuer?: IssuerTexts | false | undefined
  /** The server's files. Absent: those of the gateway, or else those of dockerd. */
  readonly server?: ServerFiles | undefined
  /** The folders in which they were not found. */
  readonly lookedIn?: readonly string[] | undefined
  /** Address and port. @defaultValue as the gateway listens now, or as dockerd does, or 0.0.0.0:2376 */
  readonly listen?: string | undefined
  /** Where metrics are served: a port, or an address and a port. Absent: as the gateway has it now. `false`: nowhere. */
  readonly metrics?: string | false | undefined
  /** What happens while the audit log can't be written. @defaultValue as the gateway has it now, or `refuse` */
  readonly onLogFailure?: string | undefined
  /** Keeps containers running while dockerd restarts. @defaultValue the current setting on the host */
  readonly liveRestore?: boolean | undefined
}

/** A host as it was inspected for a gateway. */
export interface InspectedHost {
  readonly facts: HostFacts
  readonly found: FoundUnit
  readonly inForce: SettingsInForce
  readonly state: GatewayState
  /** Is it this machine? */
  readonly isHere: boolean
}
