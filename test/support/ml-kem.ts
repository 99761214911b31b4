import { compare, parseVersion } from '../../lib/audit/cve/compare.ts'

/** Does the OpenSSL of this Node.js have X25519MLKEM768? Node.js 22.20 and 24.5 are the first that do. */
export function hasMlKem(): boolean {
  const [ours, first] = [parseVersion(process.versions.openssl), parseVersion('3.5.0')]
  return ours !== undefined && first !== undefined && compare(ours, first) >= 0
}
