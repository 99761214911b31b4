import { StringDecoder } from 'node:string_decoder'
import type { ProgressMessage } from '../../../types/progress.ts'
import type { BuildEvent, BuildLogEvent, BuildStepEvent } from '../events.ts'
import type { FailedStep } from '../failure.ts'
import { quietId } from '../follow.ts'
import { LogTail } from '../log-tail.ts'
import { readStatus, type Vertex, type VertexLog, type VertexStatus, type VertexWarning } from './status.ts'

/** The parts of a step that its error needs. */
interface Step {
  name: string
  readonly log: LogTail
  readonly decoders: Record<BuildLogEvent['stream'], StringDecoder>
}

/** Reads the progress of BuildKit. */
export class BuildkitReader {
  readonly #steps = new Map<string, Step>()
  #failed: string | undefined
  #id: string | undefined

  get imageId(): string | undefined {
    return this.#id
  }

  get failed(): FailedStep {
    const step = this.#failed === undefined ? undefined : this.#steps.get(this.#failed)
    return { step: step?.name, log: step?.log.toString() ?? '' }
  }

  read({ id, aux, stream }: ProgressMessage): BuildEvent[] {
    if (id === 'moby.buildkit.trace' && typeof aux === 'string') return this.#trace(Buffer.from(aux, 'base64'))
    const { ID } = (id === 'moby.image.id' ? (aux ?? {}) : {}) as { ID?: unknown }
    if (typeof ID === 'string') this.#id = ID
    this.#id = quietId(stream) ?? this.#id
    return []
  }

  #trace(bytes: Buffer): BuildEvent[] {
    const { vertexes, statuses, logs, warnings } = readStatus(bytes)
    return [
      ...vertexes.map((vertex) => this.#vertex(vertex)),
      ...statuses.map(statusEvent),
      ...logs.map((log) => this.#log(log)),
      ...warnings.map(warningEvent),
    ]
  }

  #vertex({ digest, error, ...vertex }: Vertex): BuildStepEvent {
    this.#step(digest).name = vertex.name
    // The first failure. It cancels the other steps.
    if (error !== '') this.#failed ??= digest
    return { type: 'step', id: digest, ...vertex, error: error === '' ? undefined : error }
  }

  #log({ vertex, stream: number, message }: VertexLog): BuildLogEvent {
    const { log, decoders } = this.#step(vertex)
    const stream = number === 2 ? 'stderr' : 'stdout'
    const text = decoders[stream].write(Buffer.from(message))
    log.add(text)
    return { type: 'log', step: vertex, stream, text }
  }

  #step(digest: string): Step {
    const known = this.#steps.get(digest)
    if (known) return known
    const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') }
    const step = { name: '', log: new LogTail(), decoders }
    this.#steps.set(digest, step)
    return step
  }
}

function statusEvent({ vertex, id, name, current, total, started, completed }: VertexStatus): BuildEvent {
  return { type: 'status', step: vertex, id, name: name === '' ? id : name, current, total, started, completed }
}

function warningEvent({ vertex, short, detail, url }: VertexWarning): BuildEvent {
  return { type: 'warning', step: vertex, text: short, detail, url }
}
