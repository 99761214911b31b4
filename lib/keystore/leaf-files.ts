import { GIT_IGNORE } from './git-ignore.ts'

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
