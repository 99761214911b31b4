import { isThere } from '../../base/files.ts'

/** Has the folder a CA, even half of one? */
export async function hasCa(folder: string): Promise<boolean> {
  const { caPaths } = await import('../../keystore/layout.ts')
  const { cert, key } = caPaths(folder)
  return (await isThere(cert)) || isThere(key)
}
