import { type CommandPart, ours } from '../../base/sentence.ts'
import type { ListedCertificate } from '../../keystore/keystore.ts'

/**
 * The command that issues a certificate of a replaced CA again. If a client's key is on its own machine, that takes a
 * request from there.
 */
export function reissueLine({ kind, name, sans, host, keyHeld }: ListedCertificate, dir: string): CommandPart {
  if (host !== undefined) return ours('cert', 'renew', '--server', '--dir', dir)
  if (kind === 'ca') return ours('cert', 'ca', '--replace-ca', '--dir', dir)
  if (keyHeld === 'client') return ours('cert', 'sign', `${name}.csr`, '--dir', dir)
  if (kind === 'issuer') return ours('cert', 'issuer', name, '--dir', dir)
  const words = kind === 'server' ? sans : [name]
  return ours('cert', kind, ...words, '--force', '--dir', dir)
}

/** The command that renews a certificate. */
export function renewLine({ kind, name, host }: ListedCertificate, dir: string): CommandPart {
  const server = host === undefined ? ['--server'] : ['--host', host]
  return ours('cert', 'renew', ...(kind === 'server' ? server : [name]), '--dir', dir)
}
