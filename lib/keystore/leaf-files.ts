import { parseTemporaryName } from '../base/temporary-names.ts'
import { GIT_IGNORE } from './git-ignore.ts'
import { WAITING } from './swap.ts'

/** Whose folder it is. */
type LeafKind = 'client' | 'server'

/** How setup has set a server up. */
export const SETUP_RECORD = 'setup.json'

/** The certificate that a server presents instead of its newest one. */
export const PRESENTED = 'presented.json'

const LEAF_FILES: Readonly<Record<LeafKind, ReadonlySet<string>>> = {
  client: new Set(['ca.pem', 'cert.pem', 'key.pem', 'next-key.pem', '.env', GIT_IGNORE]),
  server: new Set([
    'ca.pem',
    'server-cert.pem',
    'server-key.pem',
    'override.conf',
    SETUP_RECORD,
    PRESENTED,
    GIT_IGNORE,
  ]),
}

/** Is it the name of a file that docker-mtls creates in the folder of a server or a client? */
export function isLeafFile(name: string, kind?: LeafKind): boolean {
  const kinds = kind ? [kind] : (['client', 'server'] as const)
  return kinds.some((one) => LEAF_FILES[one].has(name) || (one === 'client' && name.endsWith('.csr')))
}

/** Has docker-mtls created it there? A file, an old one with a date after its name, or the rest of a killed run. */
export function isOfLeaf(
  { name, isFile }: { readonly name: string; readonly isFile: boolean },
  kind: LeafKind,
): boolean {
  const target = parseTemporaryName(name)?.target ?? name
  if (!isFile) return target === WAITING
  return isLeafFile(target.replace(/\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(?:-\d+)?$/, ''), kind)
}
