import { promises as fs } from 'node:fs'
import { command, sentence, type Sentence } from '../../base/sentence.ts'

/** The absolute path of the script that this process runs, by which it can be started again from anywhere. */
export function scriptPath(): Promise<string> {
  return fs.realpath(process.argv[1] ?? '')
}

/** Is this script in the cache of npx, which npm may empty at any time? */
export function isInNpxCache(script: string): boolean {
  return /[\\/]_npx[\\/]/.test(script)
}

/** The remedy for a script in that cache. */
export const INSTALL_FIRST: Sentence = sentence`Install docker-mtls, then run this again without npx:  ${command('npm', 'install', '--global', 'docker-mtls')}`
