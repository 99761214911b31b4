import { Writable, type Readable } from 'node:stream'

/** What a client can do besides pings; a peer leaves out what it can't. */
export interface Jobs {
  /** Reads a container's whole log, frames taken off where the client does that, and gives the number of bytes. */
  readLog?(container: string): Promise<number>
  /** Reads a tar out of a container at the pace at which it comes, and gives the number of bytes. */
  archiveDown?(target: string): Promise<number>
  /** Writes a tar with one file of so many bytes into a container, and gives the number of bytes. */
  archiveUp?(target: string, tar: Readable): Promise<void>
  /** Lists all containers, and gives their number. */
  list?(): Promise<number>
  /** Opens one more stream of events, and gives what closes it. */
  openEvents?(): Promise<() => Promise<void>>
  /** Runs `true` in a container to its end. */
  exec?(container: string): Promise<void>
}

/** One client, in the hands of a program that measures it. */
export interface Client extends Jobs {
  /** Whether the daemon has answered `/_ping` already when the client is handed over. */
  readonly answered: boolean
  /** Rejects where the answer is not a Docker daemon's to `/_ping`. */
  ping(): Promise<void>
  /** The same on a connection of its own, which ends with it; left out where a client has no way to ask for that. */
  pingApart?(): Promise<void>
  /** Ends its connections: the next client makes new ones. */
  close(): Promise<void>
}

/**
 * Makes a client in the way of its own documentation, from the variables that it reads.
 *
 * @param entry - the file that `import` of its package loads
 */
export type Open = (entry: string) => Promise<Client>

/** What every contender's module exports. */
export interface ContenderModule {
  readonly open: Open
}

/** @throws Error where the answer to `/_ping` is another one than `OK` */
export function checkBody(status: number, body: string): void {
  if (status !== 200 || body !== 'OK') throw new Error(`wrong answer to /_ping: ${status} ${JSON.stringify(body)}`)
}

/** @throws Error where the API version that came with the answer is none */
export function checkVersion(version: string | null | undefined): void {
  if (!/^1\.\d+$/.test(version ?? '')) throw new Error(`wrong answer to /_ping: API version ${JSON.stringify(version)}`)
}

/** Counts what is written to it, at whatever pace that comes. */
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

/** The length of all that comes. */
export async function lengthOf(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0
  for await (const chunk of stream) bytes += chunk.length
  return bytes
}

/** A path in a container, as one word. */
export function splitTarget(target: string): [container: string, path: string] {
  const colon = target.indexOf(':')
  return [target.slice(0, colon), target.slice(colon + 1)]
}
