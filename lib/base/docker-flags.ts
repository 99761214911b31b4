/** An option of the docker command itself, in its long form: `--host` for `-H`. */
export type DockerFlag = readonly [flag: string, value: string | undefined]

/** Also those of docker-compose, which has the same ones and `-f` and `-p`. */
const LONG: Readonly<Record<string, string>> = {
  c: '--context',
  D: '--debug',
  f: '--file',
  H: '--host',
  l: '--log-level',
  p: '--project-name',
  v: '--version',
}
const WITH_VALUE = new Set(
  `--config --context --host --log-level --tlscacert --tlscert --tlskey
   --ansi --env-file --file --parallel --profile --progress --project-directory --project-name --workdir`.split(/\s+/),
)

/** Reads the options in front of a docker command, as pflag does: `--host X`, `--host=X`, `-H X`, `-HX`, `-H=X` and `-DH X`. */
export function readFlags(argv: readonly string[]): {
  readonly flags: readonly DockerFlag[]
  readonly rest: readonly string[]
} {
  const flags: DockerFlag[] = []
  const words = [...argv]
  while (words[0]?.startsWith('-') === true) {
    const word = words.shift() ?? ''
    const [, flag = word, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? []
    if (!word.startsWith('--')) flags.push(...readShort(word.slice(1), words))
    else flags.push([flag, value ?? (WITH_VALUE.has(flag) ? words.shift() : undefined)])
  }
  return { flags, rest: words }
}

function readShort(letters: string, words: string[]): DockerFlag[] {
  const [letter = '', ...others] = Array.from(letters)
  const flag = LONG[letter] ?? `-${letter}`
  const rest = others.join('')
  if (WITH_VALUE.has(flag)) return [[flag, rest === '' ? words.shift() : rest.replace(/^=/, '')]]
  if (rest.startsWith('=')) return [[flag, rest.slice(1)]]
  return [[flag, undefined], ...(rest === '' ? [] : readShort(rest, words))]
}
