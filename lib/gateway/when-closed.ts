import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Calls it once, when one of them closes. Node emits no 'close' on the answer of a request that waits behind another on its connection. */
export function whenClosed(streams: readonly (ServerResponse | Socket)[], then: () => void): void {
  let isClosed = false
  const closed = (): void => {
    // An event that is being emitted still reaches a listener that was removed.
    if (isClosed) return
    isClosed = true
    for (const stream of streams) stream.off('close', closed)
    then()
  }
  for (const stream of streams) stream.once('close', closed)
  if (streams.some(({ destroyed }) => destroyed)) closed()
}
