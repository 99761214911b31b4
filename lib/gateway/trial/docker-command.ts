import { basename } from 'node:path'
import { readFlags } from '../../base/docker-flags.ts'

/** Is it docker itself, and none of its plugins? */
export const isDocker = (file: string): boolean => /^docker(?:\.exe)?$/.test(basename(file))

/** Does the daemon carry out what this command asks about first? Others, such as `docker buildx rm`, act on their own. */
export function asksForDaemon([file = '', ...words]: readonly string[]): boolean {
  const [noun = '', verb = ''] = readFlags(words).rest
  return isDocker(file) && ASKING.test(`${noun} ${verb}`)
}

const ASKING = /^(?:(?:system|container|image|volume|network|builder) prune|plugin (?:install|upgrade))$/
