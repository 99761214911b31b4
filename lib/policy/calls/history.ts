import { HISTORY } from './messages.ts'
import { METHOD_OF_HISTORY } from './methods.ts'
import { writeMessage } from './wire.ts'

/** A call that asks BuildKit for one build: it answers with a message if there is or was such a build, and ends. */
export function askForBuild(id: string): { readonly path: string; readonly message: Uint8Array } {
  return { path: METHOD_OF_HISTORY, message: writeMessage({ Ref: id, EarlyExit: true }, HISTORY) }
}
