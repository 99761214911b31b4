import { option, sentence } from '../base/sentence.ts'
import type { Warning } from '../base/warning.ts'
import { lines, type HostFacts } from '../host/facts.ts'
import { DEFAULT_TLS_DIR } from '../daemon-config/options.ts'
import type { FactCall } from '../host/facts-script.ts'

/** The facts that {@link openParents} needs. */
export function parentsQuestion(folder: string): FactCall {
  return ['parents', folder]
}

const WRITABLE = 0o022
const STICKY = 0o1000

/** Warns of folders that users other than root can write to: they could replace the CA that dockerd trusts. */
export function openParents({ fact }: HostFacts): Warning[] {
  return lines(fact('parents')).flatMap((line) => {
    const [, octal = '0', uid = '0', path = ''] = /^(\d+) (\d+) (.*)$/.exec(line) ?? []
    const mode = Number.parseInt(octal, 8)
    const isOpen = (mode & WRITABLE) !== 0 && (mode & STICKY) === 0
    if (uid === '0' && !isOpen) return []
    const whose = uid === '0' ? `Users other than root can write to ${path}` : `${path} belongs to the user ${uid}`
    const text = sentence`${whose}, so that they can replace the CA and become root on this host. Choose a folder that only root can write to:  ${option('tlsDir', DEFAULT_TLS_DIR)}`
    return [{ code: 'writable-tls-folder', text }]
  })
}
