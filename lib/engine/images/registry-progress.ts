import type { Call } from '../call.ts'
import type { Operation } from '../operation.ts'
import { explainRefusal } from './registry-refusal.ts'
import type { Send } from '../send.ts'
import { messages, type MakeFold } from '../stream/calls.ts'
import { Progress } from '../stream/progress.ts'
import type { ProgressMessage } from '../types/progress.ts'

/** A call, and the registry that the daemon asks for the image. */
export interface RegistryCall {
  readonly call: Call
  /** The registry as in image names: `docker.io`, `localhost:5000`. */
  readonly registry: string
}

/**
 * A call with progress for which the daemon asks a registry.
 *
 * @param prepare - returns the call when it begins. Only then are names parsed and credentials read
 */
export function registryProgress<Message extends ProgressMessage, Result>(
  send: Send,
  operation: Operation,
  prepare: () => Promise<RegistryCall>,
  fold: MakeFold<Message, Result>,
): Progress<Message, Result> {
  return new Progress(async function* run(closed): AsyncGenerator<Message, Result, undefined> {
    const { call, registry } = await prepare()
    try {
      return yield* messages(send, operation, { ...call, closed }, fold)
    } catch (error) {
      throw explainRefusal(error, registry)
    }
  })
}
