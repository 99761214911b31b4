import { basename } from 'node:path'
import type { Environment } from '../../endpoint/environment.ts'

/** Shells that read what sh reads, and have no name of their own in `--shell`. */
const LIKE_SH = ['dash', 'ash', 'ksh', 'mksh', 'busybox']

/** What `--shell` calls a shell that it knows by another name. */
export const OUR_NAME: ReadonlyMap<string, string> = new Map([
  ...LIKE_SH.map((name) => [name, 'sh'] as const),
  ['pwsh', 'powershell'],
])

/** The shell that will read our lines, as far as the environment tells: $SHELL, as everything else guesses. */
export function shellOf({ SHELL }: Environment, platform: NodeJS.Platform = process.platform): string {
  if (SHELL === undefined || SHELL === '') return platform === 'win32' ? 'powershell' : 'sh'
  const name = basename(SHELL)
  return OUR_NAME.get(name) ?? name
}
