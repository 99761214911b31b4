import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '../../support/command.ts'
import type { Made } from '../../support/openssl-certs.ts'

const CONFIGURATION = '[ca]\ndefault_ca = a\n[a]\ndatabase = index.txt\ndefault_md = default\ndefault_crl_days = 30\n'

/** A list, by openssl and as PEM, that says that the authority has revoked the certificate. */
export async function makeCrl(ca: Made, revoked: Made): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'crl-'))
  const openssl = async (...args: string[]): Promise<void> => {
    const by = ['ca', '-config', 'openssl.cnf', '-cert', 'ca.pem', '-keyfile', 'ca-key.pem']
    const { code, stderr } = await runCommand('openssl', [...by, ...args], { cwd: folder })
    if (code !== 0) throw new Error(`openssl ca ${args.join(' ')} failed: ${stderr}`)
  }
  try {
    await writeFile(join(folder, 'openssl.cnf'), CONFIGURATION)
    await writeFile(join(folder, 'index.txt'), '')
    await writeFile(join(folder, 'ca.pem'), ca.cert)
    await writeFile(join(folder, 'ca-key.pem'), ca.key, { mode: 0o600 })
    await writeFile(join(folder, 'revoked.pem'), revoked.cert)
    await openssl('-revoke', 'revoked.pem')
    await openssl('-gencrl', '-out', 'crl.pem')
    return await readFile(join(folder, 'crl.pem'), 'utf8')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
