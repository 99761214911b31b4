import { commandLine } from '../pki/folder-layout.ts'
import type { ListedCertificate } from '../pki/index.ts'

/** The command that issues a certificate anew: `--renew` a good one, `--force` one of an authority that was replaced. */
export function reissueLine({ kind, name, sans }: ListedCertificate, dir: string, flag: '--renew' | '--force'): string {
  if (kind === 'ca') return commandLine('cert', 'ca', '--replace-ca', '--dir', dir)
  const words = kind === 'server' ? sans : [name]
  return commandLine('cert', kind, ...words, flag, '--dir', dir)
}
