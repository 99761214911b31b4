import { Writable, type Readable } from 'node:stream'

/** The jobs of a client in addition to pings. A peer omits jobs that it doesn't support. */
export interface Jobs {
  /**
   * Reads the complete log of a container and returns the number of bytes, without frame headers if the client parses
   * frames.
   */
  readLog?(container: string): Promise<number>
  /** Reads a tar from a container and returns the number of bytes. */
  archiveDown?(target: string): Promise<number>
  /** Writes a tar into a container. */
  archiveUp?(target: string, tar: Readable): Promise<void>
  /** Lists all containers, and returns their number. */
  list?(): Promise<number>
  /** Opens another event stream, and returns a function that closes it. */
  openEvents?(): Promise<() => Promise<void>>
  /** The same, and reads what arrives. */
  readEvents?(): Promise<() => Promise<void>>
  /** Runs `true` in a container and waits for it. */
  exec?(container: string): Promise<void>
}

/** A client that is measured. */
export interface Client extends Jobs {
  /** Whether the daemon has already answered `/_ping` when open() resolves. */
  readonly answered: boolean
  /** Sends `/_ping`. Rejects if the answer isn't that of a Docker daemon. */
  ping(): Promise<void>
  /** The same on a new connection that is closed afterwards. Absent if the client can't do that. */
  pingOnNewConnection?(): Promise<void>
  /** Closes all connections, so that the next client opens new ones. */
  close(): Promise<void>
}

/**
 * Creates a client as its documentation recommends, from the environment variables that it reads.
 *
 * @param entry - the file that `import` of its package loads
 */
export type Open = (entry: string) => Promise<Client>

/** The exports of each contender's module. */
export interface ContenderModule {
  readonly open: Open
}

/** @throws Error if the answer to `/_ping` isn't `OK` */
export function checkBody(status: number, body: string): void {
  if (status !== 200 || body !== 'OK') throw new Error(`wrong answer to /_ping: ${status} ${JSON.stringify(body)}`)
}

/** @throws Error if the API version in the answer isn't a version */
export function checkVersion(version: string | null | undefined): void {
  if (!/^1\.\d+$/.test(version ?? '')) throw new Error(`wrong answer to /_ping: API version ${JSON.stringify(version)}`)
}

/** A writable stream that counts the bytes written to it. */
export function counter(): Writable & { bytes: number } {
  const writable = new Writable({
    write: (chunk: Buffer, _encoding, callback) => {
      counting.bytes += chunk.length
      callback()
    },
  })
  const counting = Object.assign(writable, { bytes: 0 })
  return counting
}

/** Returns the number of bytes in a stream. */
export async function lengthOf(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0
  for await (const chunk of stream) bytes += chunk.length
  return bytes
}

/** Splits `CONTAINER:PATH`. */
export function splitTarget(target: string): [container: string, path: string] {
  const colon = target.indexOf(':')
  return [target.slice(0, colon), target.slice(colon + 1)]
}
