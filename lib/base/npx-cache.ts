import { command, sentence, type Sentence } from './sentence.ts'

/** Is this script in the cache of npx, which npm may empty at any time? */
export function isInNpxCache(script: string): boolean {
  return /[\\/]_npx[\\/]/.test(script)
}

/** The remedy for a script in that cache. */
export const INSTALL_FIRST: Sentence = sentence`Install docker-mtls, then run this again without npx:  ${command('npm', 'install', '--global', 'docker-mtls')}`
