import { access, constants } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'

/**
 * Finds a program in the absolute folders of PATH. Windows looks into the working directory first, which may contain a
 * wrong program of that name.
 *
 * @param name - without `.exe`
 */
export async function findProgram(name: string, path: string): Promise<string | undefined> {
  const file = process.platform === 'win32' ? `${name}.exe` : name
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    const candidate = join(folder, file)
    if (await isExecutable(candidate)) return candidate
  }
  return undefined
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
