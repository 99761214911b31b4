import type { Diagnosis } from 'docker-mtls/audit'
import type { Pair, Way } from './ask.ts'
import type { Host } from './host.ts'

/** A user of the daemon who pulls an image with a password for its registry. */
export interface Client {
  /** Connects to a port of loopback with TLS. */
  readonly pull: (port: number, password: string) => Promise<void>
  /** Connects to a port of loopback, with DOCKER_HOST alone. */
  readonly pullPlainly: (port: number, password: string) => Promise<void>
  /** Variables with which a container connects to another daemon. */
  readonly env: readonly string[]
}

/** What an attack may use. Only daemons.ts makes one, for a daemon that it has started in namespaces. */
export interface Target {
  readonly side: 'wrong' | 'ours'
  readonly host: Host
  /** How somebody without a certificate reaches the port of the daemon. */
  readonly strangers: readonly Way[]
  /** How somebody who may use the API reaches it. */
  readonly user: Way
  /** The local socket. */
  readonly socketPath: string
  /** The same, for preparations. */
  readonly local: Way
  /** The daemon's TCP port. */
  readonly port: number
  /** The files of the daemon. */
  readonly server: Pair
  /** A client certificate of a CA that the system trusts, as anybody can get one. */
  readonly bought: Pair
  /** The client certificate of a laptop that was stolen. You have revoked it. */
  readonly stolen: Pair
  readonly client: Client
  /** Runs doctor for a port of loopback, with the files of a client. */
  readonly diagnose: (port: number) => Promise<Diagnosis>
}
