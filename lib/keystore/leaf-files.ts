import { parseTemporaryName } from '../base/temporary-names.ts'
import { GIT_IGNORE } from './git-ignore.ts'
import { WAITING } from './swap.ts'

const LEAF_FILES: ReadonlySet<string> = new Set([
  'ca.pem',
  'cert.pem',
  'key.pem',
  'next-key.pem',
  'server-cert.pem',
  'server-key.pem',
  'override.conf',
  '.env',
  GIT_IGNORE,
])

/** Is it the name of a file that docker-mtls creates in the folder of a server or a client? */
export function isLeafFile(name: string): boolean {
  return LEAF_FILES.has(name) || name.endsWith('.csr')
}

/** Has docker-mtls created it there? A file, an old one with a date after its name, or the rest of a killed run. */
export function isOfLeaf({ name, isFile }: { readonly name: string; readonly isFile: boolean }): boolean {
  const target = parseTemporaryName(name)?.target ?? name
  if (!isFile) return target === WAITING
  return isLeafFile(target.replace(/\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(?:-\d+)?$/, ''))
}
