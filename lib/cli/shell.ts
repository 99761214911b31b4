import { basename } from 'node:path'
import type { Environment } from '../endpoint/environment.ts'

/** Shells that read what sh reads, and have no name of their own in `--shell`. */
const LIKE_SH = new Set(['dash', 'ash', 'ksh', 'mksh', 'busybox'])

/** The shell that will read our lines, as far as the environment tells: $SHELL, as everything else guesses. */
export function shellOf({ SHELL }: Environment, platform: NodeJS.Platform = process.platform): string {
  if (SHELL === undefined || SHELL === '') return platform === 'win32' ? 'powershell' : 'sh'
  const name = basename(SHELL)
  if (LIKE_SH.has(name)) return 'sh'
  return name === 'pwsh' ? 'powershell' : name
}
