/** How long a file that is followed may take to be read, in milliseconds. */
export const READ_MS = 5_000

/** The cause of the failure then. */
export const hangingRead = (): Error => new Error(`it takes more than ${READ_MS / 1000} s`)

/** What a reading gives. Rejects if it hangs, as on a network file system whose server is gone; it goes on nevertheless. */
export async function unlessHanging<T>(reading: Promise<T>, failure: (cause: Error) => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(failure(hangingRead())), READ_MS)
  })
  return Promise.race([reading, late]).finally(() => clearTimeout(timer))
}
