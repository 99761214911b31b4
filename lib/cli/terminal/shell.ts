import { basename } from 'node:path'
import { SHELLS, type Shell } from '../../base/quoting/shells.ts'
import type { Environment } from '../../endpoint/environment.ts'

/** Shells with the syntax of sh, which have no value of their own for `--shell`. */
const LIKE_SH = ['dash', 'ash', 'ksh', 'mksh', 'busybox']

/** Names of shells that `--shell` doesn't accept, and the value for each. */
export const SHELL_ALIASES: ReadonlyMap<string, string> = new Map([
  ...LIKE_SH.map((name) => [name, 'sh'] as const),
  ['pwsh', 'powershell'],
])

/** The user's shell according to the environment: $SHELL, which other programs rely on, too. */
export function shellOf({ SHELL }: Environment, platform: NodeJS.Platform = process.platform): string {
  if (SHELL === undefined || SHELL === '') return platform === 'win32' ? 'powershell' : 'sh'
  const name = basename(SHELL)
  return SHELL_ALIASES.get(name) ?? name
}

/** The same, for command lines to copy: sh for a shell that we can't quote for. */
export function knownShell(env: Environment): Shell {
  return SHELLS.find((known) => known === shellOf(env)) ?? 'sh'
}
