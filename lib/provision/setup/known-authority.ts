import { isDockerMtlsError, ProvisionError } from '../../errors.ts'
import { openCertificate, readCertificate, splitPem, type CertificateFacts } from '../../identity/certificate.ts'
import { PkiFolder } from '../../pki/index.ts'
import type { InForce } from '../apply/in-force.ts'
import { gatherMore, type HostFacts } from '../host/facts.ts'
import type { HostShell } from '../host/shell.ts'
import { tlsFilesIn } from '../override.ts'
import type { SetupOptions } from './options.ts'

/**
 * Refuses a host whose daemon takes clients of an authority that the folder has never had: somebody has secured it already,
 * often from another folder of the same machine, and all of their clients would be locked out.
 *
 * @throws {@link ProvisionError} ERR_APPLY_CONFLICT
 */
export async function refuseForeignAuthority(
  shell: HostShell,
  facts: HostFacts,
  { settings: { tlsDir, listen } }: InForce,
  { dir, replaceCa, signal }: SetupOptions,
): Promise<void> {
  if (replaceCa || tlsDir === undefined || listen.length === 0) return
  const { ca } = tlsFilesIn(tlsDir)
  const more = await gatherMore(shell, facts, { programs: [], files: [ca], secrets: [], writable: [] }, signal)
  const ours = await authoritiesOf(dir)
  const foreign = certificatesIn(more.file(ca)?.text ?? '').find(({ fingerprint256 }) => !ours.has(fingerprint256))
  if (foreign === undefined) return
  throw new ProvisionError('ERR_APPLY_CONFLICT', {
    tried: `setting up ${shell.name}`,
    got: `its daemon takes clients of ${foreign.subject}, an authority that ${dir} has not got, and they would get in no more`,
    todo: 'Run it where that authority is kept, or name its folder:  --dir DIR . To lock its clients out all the same:  --replace-ca',
  })
}

/** Those that the folder has, and those that it had. */
async function authoritiesOf(dir: string): Promise<ReadonlySet<string>> {
  try {
    const listed = await new PkiFolder(dir).list()
    return new Set(listed.filter(({ kind }) => kind === 'ca').map(({ fingerprint256 }) => fingerprint256))
  } catch (error) {
    if (!isDockerMtlsError(error, 'ERR_CA_MISSING')) throw error
    return new Set()
  }
}

/** What can't be read is nobody's authority; that is told of elsewhere. */
export function certificatesIn(pem: string): CertificateFacts[] {
  try {
    return splitPem(pem).map((text) => readCertificate(openCertificate(text)))
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return []
  }
}
