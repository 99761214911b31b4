import { lines, type HostFacts } from '../host/facts.ts'
import { DEFAULT_TLS_DIR } from '../daemon-config/requested-settings.ts'
import type { FactCall } from '../host/facts-script.ts'

/** What has to be asked of the host for {@link openParents}: a folder and all above it, as far as they are there. */
export function parentsQuestion(folder: string): FactCall {
  return ['parents', folder]
}

const WRITABLE = 0o022
const STICKY = 0o1000

/** Who may change a folder decides which CA's clients get in: sentences about those where that is not root alone. */
export function openParents({ fact }: HostFacts): string[] {
  return lines(fact('parents')).flatMap((line) => {
    const [, octal = '0', uid = '0', path = ''] = /^(\d+) (\d+) (.*)$/.exec(line) ?? []
    const mode = Number.parseInt(octal, 8)
    const isOpen = (mode & WRITABLE) !== 0 && (mode & STICKY) === 0
    if (uid === '0' && !isOpen) return []
    const whose = uid === '0' ? `${path} can be written to by others` : `${path} belongs to the user ${uid}`
    return [
      `${whose}, who can so put another CA in the place of ours, and is root here then. Choose a folder of root's:  --tlsdir ${DEFAULT_TLS_DIR}`,
    ]
  })
}
