import { isDockerMtlsError } from '../../../../base/errors.ts'
import type { GrpcMethods } from '../../../../transport/grpc.ts'
import { GrpcFault } from '../../../../transport/grpc-fault.ts'
import type { GrpcCall } from '../../../../transport/grpc-stream.ts'
import type { ContextEntry } from '../entry.ts'
import { PACKET, readPacket, writeDataHead, writeError, writePacket, writeStat } from './packet.ts'
import type { SyncedFolder, Wanted } from './synced-folder.ts'

/** Lets the daemon read these folders and no others. */
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

/** Files that are open at once: small ones wait for the system, and not for each other. */
const TOGETHER = 8

/** One comparison of a folder with what the daemon has of it. */
class Sync {
  readonly #call: GrpcCall
  readonly #folder: SyncedFolder
  readonly #onFault: (error: unknown) => void
  /** Files that were told of, and that may be asked for, once. */
  readonly #files = new Map<number, ContextEntry>()
  readonly #failed = new AbortController()
  /** Files that were asked for, and whose turn has not come. */
  readonly #queue: [id: number, entry: ContextEntry][] = []
  readonly #sending = new Set<Promise<void>>()

  constructor(call: GrpcCall, folder: SyncedFolder, onFault: (error: unknown) => void) {
    this.#call = call
    this.#folder = folder
    this.#onFault = onFault
  }

  async run(): Promise<void> {
    const signal = AbortSignal.any([this.#call.signal, this.#failed.signal])
    const telling = this.#tell(signal).catch((error: unknown) => this.#fail(error))
    const answering = this.#answer(signal).catch((error: unknown) => this.#fail(error))
    await Promise.race([answering, aborted(this.#failed.signal)])
    await Promise.all([telling, ...this.#sending])
    if (this.#failed.signal.aborted) throw await this.#refusal(this.#failed.signal.reason)
  }

  #fail(error: unknown): void {
    this.#failed.abort(error)
  }

  /** Tells of every file there is. */
  async #tell(signal: AbortSignal): Promise<void> {
    let id = 0
    for await (const entry of this.#folder.entries(wantedBy(this.#call), signal)) {
      if (entry.type === 'file') this.#files.set(id, entry)
      id++
      await this.#call.send(writeStat(entry))
    }
    await this.#call.send(writePacket(PACKET.stat))
  }

  /** Listens to what the daemon lacks, until it has all. */
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

  /** What the daemon is told of a failure; the caller is told all. */
  async #refusal(error: unknown): Promise<GrpcFault> {
    if (error instanceof GrpcFault) return error
    this.#onFault(error)
    const words = isDockerMtlsError(error) ? `${error.tried}: ${error.got}` : "the client can't read its files"
    const fault = new GrpcFault('internal', words)
    // Where the daemon is gone, it needs no words.
    return this.#call.send(writeError(words)).then(
      () => fault,
      () => fault,
    )
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** buildkit, session/filesync: patterns beyond ASCII come percent-encoded, and a field more says so. */
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
