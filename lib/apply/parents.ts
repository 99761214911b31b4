import { otherWriter } from '../base/folder-writers.ts'
import { option, sentence } from '../base/sentence.ts'
import type { Warning } from '../base/warning.ts'
import { lines, type HostFacts } from '../host/facts.ts'
import { DEFAULT_TLS_DIR } from '../daemon-config/options.ts'
import type { FactCall } from '../host/facts-script.ts'

/** The facts that {@link openParents} needs. */
export function parentsQuestion(folder: string): FactCall {
  return ['parents', folder]
}

/** Warns of folders that users other than root can write to: they could replace the CA that dockerd trusts. */
export function openParents({ fact }: HostFacts): Warning[] {
  return lines(fact('parents')).flatMap((line) => {
    const [, octal = '0', uid = '0', path = ''] = /^(\d+) (\d+) (.*)$/.exec(line) ?? []
    const writer = otherWriter({ mode: Number.parseInt(octal, 8), uid: Number(uid) })
    if (writer === undefined) return []
    const whose =
      writer === 'owner' ? `${path} belongs to the user ${uid}` : `Users other than root can write to ${path}`
    const text = sentence`${whose}, so that they can replace the CA and become root on this host. Choose a folder that only root can write to:  ${option('tlsDir', DEFAULT_TLS_DIR)}`
    return [{ code: 'writable-tls-folder', text }]
  })
}
