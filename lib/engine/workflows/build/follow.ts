import { unreadable } from '../../api-error.ts'
import type { Call } from '../../call.ts'
import { BUILD } from '../../images/operations.ts'
import type { Send } from '../../send.ts'
import { messages, unfinished } from '../../stream/calls.ts'
import type { ProgressMessage } from '../../types/progress.ts'
import type { BuildEvent } from './events.ts'
import { explainFailure, type FailedStep } from './failure.ts'
import type { ImageBuildResult } from './options.ts'

/** Turns the messages of a builder into events, and keeps the image id and the failed step. */
export interface Reader {
  read(message: ProgressMessage): BuildEvent[]
  readonly imageId: string | undefined
  readonly failed: FailedStep
}

/** The image's id, which is the only output of a quiet build. */
export function quietId(output = ''): string | undefined {
  return /^(sha256:[0-9a-f]{64})\n?$/.exec(output)?.[1]
}

/** Sends the build request, and follows its progress to the end. */
export async function* follow(
  send: Send,
  call: Call,
  reader: Reader,
): AsyncGenerator<BuildEvent, ImageBuildResult, undefined> {
  const progress = messages<ProgressMessage, ImageBuildResult>(send, BUILD, call, (request) => ({
    add: () => {},
    result: () => {
      if (reader.imageId === undefined) throw unfinished(request)
      return { ID: reader.imageId }
    },
  }))
  try {
    for (let next = await progress.next(); ; next = await progress.next()) {
      if (next.done === true) return next.value
      yield* read(send, call, reader, next.value)
    }
  } catch (error) {
    throw explainFailure(error, reader.failed)
  } finally {
    // Has no effect if the build has ended. Otherwise the caller left the loop, and the daemon stops the build.
    await progress.return({ ID: '' })
  }
}

function read(send: Send, call: Call, reader: Reader, message: ProgressMessage): BuildEvent[] {
  try {
    return reader.read(message)
  } catch (cause) {
    throw unreadable('ERR_API_STREAM_INVALID', send.named(BUILD, call), "the builder's progress can't be parsed", cause)
  }
}
