import { unsafe } from './faults.ts'

/** What Windows takes for something else: another separator, a drive, a stream of a file. */
const WINDOWS: RegExp = /[\\:]/

/**
 * The parts of an entry's name, which lead nowhere but below a folder.
 *
 * @throws {@link CopyError} ERR_COPY_UNSAFE for an absolute name, `..`, or what no file is called
 */
export function partsOf(name: string, platform: NodeJS.Platform = process.platform): string[] {
  if (name.startsWith('/')) throw unsafe(name, 'its name is absolute')
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw unsafe(name, 'its name contains ..')
  if (name.includes('\0') || (platform === 'win32' && WINDOWS.test(name)))
    throw unsafe(name, 'its name is not a valid file name')
  return parts
}
