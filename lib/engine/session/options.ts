import type { RequestOptions } from '../send.ts'

/** Options of {@link Session.open}. */
export interface SessionOptions extends RequestOptions {
  /** What the daemon calls it in its log: mostly the name of the folder that is built. */
  readonly name?: string
  /** Sessions with the same key share what the builder has kept of a local folder. */
  readonly sharedKey?: string
  /** The gRPC methods that are served here: `/moby.filesync.v1.FileSync/DiffCopy`. @defaultValue none */
  readonly methods?: readonly string[]
}
