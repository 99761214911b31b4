import type { Readable } from 'node:stream'
import { configHeaderFor } from '../../../registry/headers.ts'
import type { Call } from '../../call.ts'
import type { Send } from '../../send.ts'
import { ClassicReader } from './classic.ts'
import { packContext } from './context.ts'
import type { BuildEvent } from './events.ts'
import { findBuildFiles } from './files.ts'
import { follow } from './follow.ts'
import type { ImageBuildResult } from './options.ts'
import type { BuildPlan } from './plan.ts'

/** Builds with the classic builder: one request with a tar. */
export async function* runClassic(
  send: Send,
  plan: BuildPlan,
): AsyncGenerator<BuildEvent, ImageBuildResult, undefined> {
  const { query, options } = plan
  const { signal } = options
  const { body, ...context } = await contextOf(plan)
  const credentials = await configHeaderFor(options.auth)
  const call: Call = {
    options: { ...query, ...context, version: '1', signal },
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

async function contextOf({ source, options: { dockerfile, signal } }: BuildPlan): Promise<SentContext> {
  if (source.kind === 'remote') return { remote: source.url }
  if (source.kind === 'tar') return { body: source.body }
  return packContext(await findBuildFiles(source.path, dockerfile), signal)
}
