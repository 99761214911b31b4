import { linkSignals, onAbort } from '../../../../base/abort.ts'
import { isDockerMtlsError } from '../../../../base/errors.ts'
import type { GrpcMethods } from '../../../../transport/grpc.ts'
import { GrpcFault } from '../../../../transport/grpc-fault.ts'
import type { GrpcCall } from '../../../../transport/grpc-stream.ts'
import type { ContextEntry } from '../entry.ts'
import { PACKET, readPacket, writeDataHead, writeError, writePacket, writeStat } from './packet.ts'
import type { SyncedFolder, Wanted } from './synced-folder.ts'

/** Lets the daemon read only these folders. */
export function fileSync(
  folders: Readonly<Record<string, SyncedFolder>>,
  onFault: (error: unknown) => void,
): GrpcMethods {
  return {
    '/moby.filesync.v1.FileSync/DiffCopy': async (call) => {
      const [name = ''] = call.metadata('dir-name')
      const folder = Object.hasOwn(folders, name) ? folders[name] : undefined
      if (!folder) throw new GrpcFault('notFound', `no access to the folder ${JSON.stringify(name)}`)
      await new Sync(call, folder, onFault).run()
    },
  }
}

/** The number of files that are sent at the same time. */
const TOGETHER = 8

/** Synchronizes a folder with the daemon's copy. */
class Sync {
  readonly #call: GrpcCall
  readonly #folder: SyncedFolder
  readonly #onFault: (error: unknown) => void
  /** Files that were offered, and that the daemon may request once. */
  readonly #files = new Map<number, ContextEntry>()
  readonly #failed = new AbortController()
  /** Requested files that wait for their turn. */
  readonly #queue: [id: number, entry: ContextEntry][] = []
  readonly #sending = new Set<Promise<void>>()

  constructor(call: GrpcCall, folder: SyncedFolder, onFault: (error: unknown) => void) {
    this.#call = call
    this.#folder = folder
    this.#onFault = onFault
  }

  async run(): Promise<void> {
    const linked = linkSignals(this.#call.signal, this.#failed.signal)
    try {
      await this.#synchronize(linked.signal)
    } finally {
      linked.unlink()
    }
  }

  async #synchronize(signal: AbortSignal): Promise<void> {
    const offering = this.#offer(signal).catch((error: unknown) => this.#fail(error))
    const answering = this.#answer(signal).catch((error: unknown) => this.#fail(error))
    await Promise.race([answering, aborted(this.#failed.signal)])
    await Promise.all([offering, ...this.#sending])
    if (this.#failed.signal.aborted) throw await this.#refusal(this.#failed.signal.reason)
  }

  #fail(error: unknown): void {
    this.#failed.abort(error)
  }

  /** Sends the stats of all files. */
  async #offer(signal: AbortSignal): Promise<void> {
    let id = 0
    for await (const entry of this.#folder.entries(wantedBy(this.#call), signal)) {
      if (entry.type === 'file') this.#files.set(id, entry)
      id++
      await this.#call.send(writeStat(entry))
    }
    await this.#call.send(writePacket(PACKET.stat))
  }

  /** Answers the daemon's requests until it has all files. */
  async #answer(signal: AbortSignal): Promise<void> {
    for await (const message of this.#call.messages()) {
      const { type, id, data } = readPacket(message)
      if (type === PACKET.fin) return this.#finish()
      if (type === PACKET.error) throw new GrpcFault('internal', `the daemon failed: ${Buffer.from(data).toString()}`)
      if (type === PACKET.request) this.#request(id, signal)
    }
    throw new GrpcFault('invalidArgument', 'the call ended before the files were compared')
  }

  async #finish(): Promise<void> {
    await Promise.all(this.#sending)
    await this.#call.send(writePacket(PACKET.fin))
  }

  #request(id: number, signal: AbortSignal): void {
    const entry = this.#files.get(id)
    if (!entry) throw new GrpcFault('invalidArgument', `file ${id} was not offered, or was already sent`)
    this.#files.delete(id)
    this.#queue.push([id, entry])
    if (this.#sending.size >= TOGETHER) return
    const sending = this.#sendQueued(signal)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.#sending.delete(sending))
    this.#sending.add(sending)
  }

  async #sendQueued(signal: AbortSignal): Promise<void> {
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) await this.#send(...next, signal)
  }

  async #send(id: number, entry: ContextEntry, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    for await (const chunk of this.#folder.read(entry, signal)) {
      await this.#call.send(writeDataHead(id, chunk.length), chunk)
    }
    await this.#call.send(writeDataHead(id, 0))
  }

  /** The short message for the daemon. The caller gets the whole error. */
  async #refusal(error: unknown): Promise<GrpcFault> {
    if (error instanceof GrpcFault) return error
    this.#onFault(error)
    const text = isDockerMtlsError(error) ? `${error.tried}: ${error.got}` : "the client can't read its files"
    const fault = new GrpcFault('internal', text)
    // If the daemon is gone, the message isn't needed.
    return this.#call.send(writeError(text)).then(
      () => fault,
      () => fault,
    )
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => void onAbort(signal, resolve))
}

/** buildkit, session/filesync: patterns that aren't ASCII are percent-encoded, which another field states. */
function wantedBy(call: GrpcCall): Wanted {
  const values = (name: string): string[] => {
    const encoded = /^(1|t|true)$/i.test(call.metadata(`${name}-encoded`)[0] ?? '')
    return encoded ? call.metadata(name).map(unescapeQuery) : call.metadata(name)
  }
  return { includes: values('include-patterns'), excludes: values('exclude-patterns'), followed: values('followpaths') }
}

/** Go's url.QueryUnescape. */
function unescapeQuery(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw new GrpcFault('invalidArgument', 'a pattern is not correctly encoded')
  }
}
