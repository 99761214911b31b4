/** One client, in the hands of a program that measures it. */
export interface Client {
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
