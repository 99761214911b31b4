import { tarMode, tarTime, type TarHeader } from '../../stream/tar.ts'
import type { ContextEntry } from './entry.ts'

export function headerOf({ path, type, mode, size, mtime, target }: ContextEntry): TarHeader {
  return {
    name: type === 'directory' ? `${path}/` : path,
    type,
    mode: tarMode(mode),
    size,
    ...tarTime(Number(mtime / 1_000_000_000n)),
    ...(type === 'symlink' && { linkname: target }),
  }
}

/** The header of a file that docker-mtls adds. */
export const ownHeader = (name: string, { length: size }: Buffer): TarHeader => ({
  name,
  type: 'file',
  mode: 0o600,
  size,
  mtime: new Date(),
})
