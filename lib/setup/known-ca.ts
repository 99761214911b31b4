import type { X509Certificate } from 'node:crypto'
import { isDockerMtlsError, ProvisionError } from '../base/errors.ts'
import { command, sentence } from '../base/sentence.ts'
import { caPaths, serverPaths } from '../keystore/layout.ts'
import { PkiFolder, readRotatedCas } from '../keystore/keystore.ts'
import { certificatesIn } from '../apply/certificates-in.ts'
import { gatherFurtherFacts, type HostFacts } from '../host/facts.ts'
import type { HostShell } from '../host/shell.ts'
import type { CertificateFacts } from '../identity/certificate.ts'
import type { SetupOptions } from './options.ts'
import { readIfThere } from '../base/files.ts'

/**
 * Refuses a host whose daemon, or the gateway in front of it, accepts clients of a CA that the folder has never had. The host was secured before, often from
 * another folder on the same machine, and setup would lock out all clients of that CA. Refuses one, too, where the rotation of the folder has
 * ended: the folder is an older copy, and setup would bring the old CA back.
 *
 * @param ca - the path of the CAs there whose clients it accepts
 * @param folder - the name of the host's folder
 * @throws {@link ProvisionError} ERR_APPLY_CONFLICT
 */
export async function refuseForeignCa(
  shell: HostShell,
  facts: HostFacts,
  ca: string | undefined,
  folder: string,
  { dir, replaceCa, signal }: SetupOptions,
): Promise<void> {
  if (replaceCa || ca === undefined) return
  const more = await gatherFurtherFacts(shell, facts, { files: [ca] }, signal)
  const ours = await knownCas(dir, serverPaths(dir, folder).ca)
  const accepted = certificatesIn(more.file(ca)?.text)
  await refuseOlderCopy(shell, accepted, dir)
  const foreign = accepted.find(({ fingerprint256 }) => !ours.has(fingerprint256))
  if (foreign === undefined) return
  throw new ProvisionError('ERR_APPLY_CONFLICT', {
    tried: `setting up ${shell.name}`,
    got: `its daemon accepts clients of ${foreign.subject}, a CA that is not in ${dir}, and would refuse them after setup`,
    todo: sentence`Name the folder of that CA:  ${command('--dir', 'DIR')}  . To replace the CA, so that its clients can't connect any more:  ${command('--replace-ca')}`,
  })
}

/** Until the last phase, every host that accepts clients of the new CA also accepts those of the old one. */
async function refuseOlderCopy({ name }: HostShell, accepted: readonly CertificateFacts[], dir: string): Promise<void> {
  const rotation = await readRotatedCas(dir)
  if (rotation === undefined) return
  const { state, present, next } = rotation
  const accepts = (ca: X509Certificate): boolean =>
    accepted.some(({ fingerprint256 }) => fingerprint256 === ca.fingerprint256)
  if (!accepts(next) || accepts(present)) return
  throw new ProvisionError('ERR_APPLY_CONFLICT', {
    tried: `setting up ${name}`,
    got: `its daemon has dropped the CA ${state.from.name}. By ${dir}, the rotation to ${state.to.name} is in the phase ${state.phase}, so this is an older copy of the folder, and setup would bring the old CA back`,
    todo: sentence`Name the current folder:  ${command('--dir', 'DIR')}  . To bring the old CA back, so that its clients can connect again:  ${command('--replace-ca')}`,
  })
}

/** The fingerprints of all CAs that the folder has or had, and of those that a user has added for this host. */
async function knownCas(dir: string, bundle: string): Promise<ReadonlySet<string>> {
  const listed = await new PkiFolder(dir).list().catch((error: unknown) => {
    if (!isDockerMtlsError(error, 'ERR_CA_MISSING')) throw error
    return []
  })
  const texts = await Promise.all([caPaths(dir).cert, bundle].map((path) => readIfThere(path)))
  const known = [...listed.filter(({ kind }) => kind === 'ca'), ...texts.flatMap((text) => certificatesIn(text))]
  return new Set(known.map(({ fingerprint256 }) => fingerprint256))
}
