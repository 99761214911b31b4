import { basename } from 'node:path'
import type { Environment } from '../../endpoint/environment.ts'

/** Shells with the syntax of sh, which have no value of their own for `--shell`. */
const LIKE_SH = ['dash', 'ash', 'ksh', 'mksh', 'busybox']

/** The values of `--shell` for shells with other names. */
export const OUR_NAME: ReadonlyMap<string, string> = new Map([
  ...LIKE_SH.map((name) => [name, 'sh'] as const),
  ['pwsh', 'powershell'],
])

/** The user's shell according to the environment: $SHELL, which other programs rely on, too. */
export function shellOf({ SHELL }: Environment, platform: NodeJS.Platform = process.platform): string {
  if (SHELL === undefined || SHELL === '') return platform === 'win32' ? 'powershell' : 'sh'
  const name = basename(SHELL)
  return OUR_NAME.get(name) ?? name
}
