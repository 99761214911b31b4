import { configHeaderFor } from '../../../registry/headers.ts'
import type { Call } from '../../call.ts'
import type { Send } from '../../send.ts'
import type { ProgressMessage } from '../../types/progress.ts'
import { packContext } from './context.ts'
import type { BuildEvent } from './events.ts'
import type { FailedStep } from './failure.ts'
import { findBuildFiles } from './files.ts'
import { follow, quietId } from './follow.ts'
import { LogTail } from './log-tail.ts'
import type { ImageBuildResult } from './options.ts'
import type { BuildPlan } from './plan.ts'
import type { Readable } from 'node:stream'

/** Builds with the classic builder: one request with a tar. */
export async function* runClassic(
  send: Send,
  plan: BuildPlan,
): AsyncGenerator<BuildEvent, ImageBuildResult, undefined> {
  const { query, options } = plan
  const { signal, idleTimeout } = options
  const { body, ...context } = await contextOf(plan)
  const credentials = await configHeaderFor(options.auth)
  const call: Call = {
    options: { ...query, ...context, version: '1', signal, idleTimeout },
    headers: {
      ...(body && { 'content-type': 'application/x-tar' }),
      ...(credentials !== undefined && { 'x-registry-config': credentials }),
    },
    ...(body && { body }),
  }
  return yield* follow(send, call, new ClassicReader())
}

interface SentContext {
  readonly body?: Readable | Uint8Array
  readonly dockerfile?: string
  readonly remote?: string
}

async function contextOf({
  source,
  options: { dockerfile, signal },
  dockerfileOption,
}: BuildPlan): Promise<SentContext> {
  if (source.kind === 'remote') return { remote: source.url }
  if (source.kind === 'tar') return { body: source.body }
  return packContext(await findBuildFiles(source.path, dockerfile, dockerfileOption), signal)
}

/** The classic builder prints the number of each step. */
const STEP = /^Step \d+\/\d+ : (.*)/

/** Lines that the builder itself prints for a step (moby, builder/dockerfile). */
const BUILDER_LINE = /^ ---> (Running in|Removed intermediate container|\[Warning\]) .*\n$/

/** The standard error of a step is printed in red (moby, pkg/streamformatter). */
const [RED, PLAIN] = ['\u{1B}[91m', '\u{1B}[0m'] as const

/** Reads the progress of the classic builder. */
export class ClassicReader {
  #step: string | undefined
  #log = new LogTail()
  #id: string | undefined

  get imageId(): string | undefined {
    return this.#id
  }

  get failed(): FailedStep {
    return { step: this.#step, log: this.#log.toString() }
  }

  read({ stream, status, id = '', progressDetail, aux }: ProgressMessage): BuildEvent[] {
    if (stream !== undefined) return this.#output(stream)
    if (status !== undefined) return [pulling(id, status, progressDetail)]
    const { ID } = (aux ?? {}) as { ID?: unknown }
    if (typeof ID === 'string') this.#id = ID
    return []
  }

  #output(output: string): BuildEvent[] {
    const red = output.startsWith(RED) && output.endsWith(PLAIN)
    const text = red ? output.slice(RED.length, -PLAIN.length) : output
    const step = STEP.exec(text)?.[1]
    if (step !== undefined) [this.#step, this.#log] = [step, new LogTail()]
    else if (!BUILDER_LINE.test(text)) this.#log.add(text)
    this.#id ??= quietId(text)
    return [{ type: 'log', step: undefined, stream: red ? 'stderr' : 'stdout', text }]
  }
}

function pulling(id: string, name: string, detail: ProgressMessage['progressDetail']): BuildEvent {
  const { current, total } = detail ?? {}
  return { type: 'status', step: undefined, id, name, current, total, started: undefined, completed: undefined }
}
