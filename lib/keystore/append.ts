import { constants, promises as fs } from 'node:fs'
import { KEY_MODE } from '../base/files.ts'

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDWR } = constants

/** The contents of a file before and after something was added. */
export interface Appended {
  readonly before: Buffer
  readonly after: Buffer
}

/**
 * Adds a text to the end of a file and flushes it to the disk. A new file has mode 0600. A link in its place isn't followed: it could
 * lead to any file, and even create it.
 *
 * @param render - the text, from what is there
 */
export async function appendFlushed(path: string, render: (before: Buffer) => string): Promise<Appended> {
  const file = await fs.open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, KEY_MODE)
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size), position: 0 })
    const before = buffer.subarray(0, bytesRead)
    const added = Buffer.from(render(before))
    await file.writeFile(added)
    await file.sync()
    return { before, after: Buffer.concat([before, added]) }
  } finally {
    await file.close()
  }
}

/** Is it empty, or does it end with a line feed? Otherwise the last line was cut off by a crash or a full disk. */
export function endsWithLine(bytes: Buffer): boolean {
  return bytes.length === 0 || bytes.at(-1) === 0x0a
}
