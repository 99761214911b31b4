import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import tar from 'tar-stream'

export interface ArchivedFile {
  readonly mode: number
  readonly mtime: number
  readonly contents: string
}

/** The files of a tarball in its order, by their paths in the package. */
export type Archive = ReadonlyMap<string, ArchivedFile>

export async function readArchive(tarball: string): Promise<Archive> {
  const files = new Map<string, ArchivedFile>()
  const extract = tar.extract()
  extract.on('entry', (header, stream, next) => {
    void text(stream).then((contents) => {
      const { name, mode, mtime } = header
      files.set(name.replace(/^package\//, ''), { mode, mtime: mtime?.getTime() ?? 0, contents })
      next()
    }, next)
  })
  await pipeline(createReadStream(tarball), createGunzip(), extract)
  return files
}

export async function sha256(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
}

/** Says how the second of two archives differs, for a person who looks for the reason. */
export function describeDifference(first: Archive, second: Archive): string {
  const missing = [...first.keys()].find((path) => !second.has(path))
  if (missing !== undefined) return `the second has no ${missing}`
  const added = [...second.keys()].find((path) => !first.has(path))
  if (added !== undefined) return `only the second has ${added}`
  for (const [path, file] of first) {
    const other = second.get(path)
    if (other === undefined) continue
    if (other.contents !== file.contents) return `${path} has other contents (${firstLine(file, other)})`
    if (other.mode !== file.mode) return `${path} has mode ${octal(file)} and ${octal(other)}`
    if (other.mtime !== file.mtime) return `${path} has another time`
  }
  const isSorted = [...first.keys()].join('\n') === [...second.keys()].join('\n')
  return isSorted ? 'only the headers or the compression differ' : 'the order of the files differs'
}

function firstLine(file: ArchivedFile, other: ArchivedFile): string {
  const [lines, others] = [file.contents.split('\n'), other.contents.split('\n')]
  const index = lines.findIndex((line, at) => line !== others[at])
  return `line ${index < 0 ? lines.length + 1 : index + 1}`
}

function octal({ mode }: ArchivedFile): string {
  return mode.toString(8)
}
