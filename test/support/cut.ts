/** Cuts bytes into pieces of the given sizes, 0 and 1 included, the last size for all that is left. */
export function cut(bytes: Buffer, sizes: Iterator<number>): Buffer[] {
  const pieces: Buffer[] = []
  let last = 1
  for (let at = 0; at < bytes.length; at += last) {
    const { done = false, value } = sizes.next()
    last = done ? Math.max(last, 1) : value
    pieces.push(bytes.subarray(at, at + last))
  }
  return pieces
}
