import { unsafe } from './faults.ts'

/** Characters with a meaning on Windows: a separator, a drive, a stream of a file. */
const WINDOWS: RegExp = /[\\:]/

/**
 * The parts of an entry's name, which stay below the target folder.
 *
 * @throws {@link CopyError} ERR_COPY_UNSAFE for an absolute name, `..`, or an invalid file name
 */
export function partsOf(name: string, platform: NodeJS.Platform = process.platform): string[] {
  if (name.startsWith('/')) throw unsafe(name, 'its name is absolute')
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw unsafe(name, 'its name contains ..')
  if (name.includes('\0') || (platform === 'win32' && WINDOWS.test(name)))
    throw unsafe(name, 'its name is not a valid file name')
  return parts
}
