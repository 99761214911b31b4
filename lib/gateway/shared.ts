import type { IncomingMessage, ServerResponse } from 'node:http'
import type { InTurn } from '../base/fair-scheduler.ts'
import type { DockerDispatcher } from '../transport/dispatcher.ts'
import type { Connection } from './arriving/connections.ts'
import type { SharedByCalls } from './grpc/shared.ts'
import type { KeptInfo } from './deciding/kept-info.ts'
import type { Refusal } from './refusal.ts'
import type { RenewalAsked, Renewed } from './renewal/renewals.ts'
import type { ServedVersion } from './forwarding/served-version.ts'
import type { AskedHead, AskedRequest, Verdict } from './types.ts'

/** What all requests of a gateway share. */
export interface Shared extends SharedByCalls {
  readonly dispatcher: DockerDispatcher
  readonly info: KeptInfo
  /** The version of the API that clients are told. */
  readonly served: ServedVersion
  /** Does a policy decide, which can judge dockerd only? */
  readonly onlyDockerd: boolean
  readonly authorize: (asked: AskedRequest, inTurn: InTurn) => Verdict | Promise<Verdict>
  /** Whether the answer to a request depends on its body. */
  readonly needsBody: (asked: AskedHead) => boolean
  /** Renews the certificate of a connection. */
  readonly renew: (connection: Connection, asked: RenewalAsked) => Promise<Renewed | Refusal>
}

/** A request as it arrived. */
export interface Arrived {
  readonly connection: Connection
  readonly request: IncomingMessage
  /** Undefined: it asks for an upgrade, for which Node creates none. */
  readonly response?: ServerResponse
  /** The client waits for `100 Continue` before it sends its body. */
  readonly expectsContinue?: boolean
}
