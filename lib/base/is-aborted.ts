/**
 * Tells whether a call was aborted. An aborted call throws the `reason` of its signal unchanged, which needn't be an error of this
 * package, so {@link isDockerMtlsError} doesn't find it.
 *
 * @param error - any value that was thrown
 * @param signal - the signal of the call. Only its own reason counts then, whatever it is, even a time-out of
 * `AbortSignal.timeout()`. Without a signal, only an error named AbortError counts, the default reason of `abort()`
 * @example
 * ```ts
 * try {
 *   for await (const event of docker.system.events({ signal })) console.log(event.Action)
 * } catch (error) {
 *   if (!isAborted(error, signal)) throw error
 * }
 * ```
 */
export function isAborted(error: unknown, signal?: AbortSignal): boolean {
  if (signal !== undefined) return signal.aborted && Object.is(error, signal.reason)
  return error instanceof Error && error.name === 'AbortError'
}
