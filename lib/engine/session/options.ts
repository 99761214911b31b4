import type { RequestOptions } from '../send.ts'

/** Options of {@link Session.open}. */
export interface SessionOptions extends RequestOptions {
  /** Its name in the daemon's log, usually the name of the build folder. */
  readonly name?: string
  /** Sessions with the same key share the builder's copy of a local folder. */
  readonly sharedKey?: string
  /** The gRPC methods that you serve: `/moby.filesync.v1.FileSync/DiffCopy`. @defaultValue none */
  readonly methods?: readonly string[]
}
