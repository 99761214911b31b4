import { otherWriter } from '../../base/folder-writers.ts'
import type { Check } from '../check.ts'
import { known } from '../check.ts'
import { fail, pass, unknown, warn } from '../verdict.ts'
import { hostCheck, isRootless, pathsCheck, type PathVerdict } from './host-check.ts'

const PROTECT = 'https://docs.docker.com/engine/security/protect-access/'
/** The names that docker-mtls, Docker's documentation and openssl's examples give to it. */
const CA_NAME = /(?:^|[-_.])ca(?:[-_.](?:private[-_.])?key|\.key)|key[-_.]ca(?:[-_.]|$)/i

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

const caKey = hostCheck({
  id: 'F-CAKEY',
  title: 'The key of the CA is not on the host of the daemon',
  severity: 'critical',
  cis: {},
  why: 'An attacker who can read the key of the CA issues client certificates for every daemon that trusts this CA, and so becomes root on all of their hosts.',
  remedy:
    'Copy the key of the CA to the machine that issues certificates, or to an offline medium. Then remove it from this host: shred -u FILE',
  references: [PROTECT],
  test: (host) => {
    const { ofCas, notCompared, unread } = host.keys
    if (ofCas.length > 0) return fail(ofCas.join(', '))
    const suspect = notCompared.filter((path) => CA_NAME.test(baseName(path)))
    if (suspect.length > 0) return warn(`by their names: ${suspect.join(', ')}`)
    if (unread.length > 0) return unknown(`could not be read: ${unread.join(', ')}`)
    if (host.uid !== 0 && !isRootless(host)) return unknown('only root can look into all folders with certificates')
    if (notCompared.length === 0) return pass()
    return unknown(`encrypted, or the host has no openssl: ${notCompared.join(', ')}`)
  },
})

const WRITERS = {
  owner: 'a user owns it',
  group: 'its group can write to it',
  everyone: 'everyone can write to it',
} as const

const exposed = pathsCheck({
  id: 'F-EXPOSED',
  title: "Only root can replace the folders of the daemon's and the gateway's configuration and certificates",
  severity: 'critical',
  cis: {},
  why: 'An attacker who can write to a folder above a file can replace the file, whatever its mode is: with a CA of their own, or with a daemon.json that starts a program as root.',
  remedy: 'chown root:root FOLDER && chmod go-w FOLDER, or move the files to /etc/docker.',
  references: ['https://man7.org/linux/man-pages/man2/rename.2.html', PROTECT],
  none: 'there is no folder with configuration or certificates',
  test: (host) => {
    const owner = 'value' in host.daemonUid ? host.daemonUid.value : 0
    return known(host.parents).map((step): PathVerdict => {
      const writer = otherWriter(step, [owner])
      if (writer === undefined) return [step.path, pass()]
      return [step.path, fail(`${WRITERS[writer]}, mode ${step.mode.toString(8).padStart(4, '0')}`)]
    })
  },
})

/** What lies beside the daemon's files, and above them. */
export const HOST_KEYS: readonly Check[] = [caKey, exposed]
