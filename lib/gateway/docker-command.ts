import { basename } from 'node:path'

/** Is it docker itself, and none of its plugins? */
export const isDocker = (file: string): boolean => /^docker(?:\.exe)?$/.test(basename(file))

/** Options before the command whose value is the next word. */
const TAKES_VALUE = /^(?:--config|--log-level|-l|--tls(?:cacert|cert|key))$/

/** The words of a docker command after its global options. */
export function withoutOptions(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word, index) => !word.startsWith('-') && !TAKES_VALUE.test(words[index - 1] ?? ''))
  return at < 0 ? [] : words.slice(at)
}

/** Does the daemon carry out what this command asks about first? Others, such as `docker buildx rm`, act on their own. */
export function asksForDaemon([file = '', ...words]: readonly string[]): boolean {
  const [noun = '', verb = ''] = withoutOptions(words)
  return isDocker(file) && ASKING.test(`${noun} ${verb}`)
}

const ASKING = /^(?:(?:system|container|image|volume|network|builder) prune|plugin (?:install|upgrade))$/
