import { Option, type Command } from 'commander'
import type { EndpointOptions } from '../../endpoint/options.ts'
import type { KeyType } from '../../pki/key-type.ts'
import { LONGEST_TIMER } from '../../base/abort.ts'
import { PkiError, type ArgumentError } from '../../base/errors.ts'
import { DAY_MS } from '../../base/expiry.ts'
import { SELF, type Sentence, sentence } from '../../base/sentence.ts'
import { enumerate, quoted } from '../../base/text.ts'
import { usageError } from '../errors.ts'

/** The folder of keys and certificates, unless an option names another. */
export const DEFAULT_FOLDER = 'docker-mtls'

/**
 * Reads a value that may be given only once: of two values, one would be dropped silently. An empty value is usually an
 * unset variable of a script.
 */
export function once(flag: string): (value: string, previous: string | undefined) => string {
  return (value, previous) => {
    if (previous !== undefined) {
      const got = `it is given twice, as ${JSON.stringify(previous)} and ${JSON.stringify(value)}`
      throw usageError(`the option ${flag}`, got, 'Give it once.')
    }
    if (value === '') throw usageError(`the option ${flag}`, 'its value is empty', 'Give it one, or leave it out.')
    return value
  }
}

/** Reads a value that can be given any number of times. */
export function many(flag: string): (value: string, previous: string[] | undefined) => string[] {
  return (value, previous = []) => [...previous, once(flag)(value, undefined)]
}

/** Reads one of some words. */
export function oneOf<Word extends string>(
  flag: string,
  words: readonly Word[],
): (value: string, previous?: string) => Word {
  return (value, previous) => {
    const given = once(flag)(value, previous).toLowerCase()
    const found = words.find((word) => word.toLowerCase() === given)
    if (found !== undefined) return found
    throw notAmong(`the option ${flag}`, value, words)
  }
}

/** The error for a value that isn't one of some words. `what` is the option or argument. */
export function notAmong(what: string, value: string, words: readonly string[]): ArgumentError {
  return usageError(what, `${quoted(value)} is not one of its values`, `Give one of ${words.join(', ')}.`)
}

/** An option whose value is one of some words, which completion offers. */
export function choice(flags: string, about: string, words: readonly string[]): Option {
  const option = new Option(flags, about).choices(words)
  return option.argParser(oneOf(option.long ?? flags, words))
}

/** Plain digits: `Number()` would also accept `''`, `0x10` and `1e3`. The library checks the range. */
const NUMBER = /^[+-]?\d+(?:\.\d+)?$/

export function readDays(text: string): number {
  if (NUMBER.test(text)) return Number(text)
  throw new PkiError('ERR_DAYS_INVALID', {
    tried: `the option --days ${JSON.stringify(text)}`,
    got: 'it is not a number',
    todo: 'Give a whole number of days.',
  })
}

/** The flags of {@link addKeyType} and {@link addDays}. */
export interface CertificateFlags {
  readonly keyType?: string
  readonly days?: string
}

/** The flags as options of the library. */
export async function certificateOptions({
  keyType,
  days,
}: CertificateFlags): Promise<{ readonly keyType?: KeyType; readonly days?: number }> {
  const { parseKeyType } = await import('../../pki/key-type.ts')
  return {
    ...(keyType !== undefined && { keyType: parseKeyType(keyType) }),
    ...(days !== undefined && { days: readDays(days) }),
  }
}

/** In milliseconds. */
const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 }

/** Reads a time such as `90`, `90s`, `5m` or `1h`, and returns milliseconds. */
export function readTime(flag: string, text: string): number {
  const [, digits = '', unit = ''] = /^(.*?)([smh]?)$/s.exec(text) ?? []
  const milliseconds = NUMBER.test(digits) ? Number(digits) * (UNITS[unit || 's'] ?? 0) : 0
  if (milliseconds >= 1 && milliseconds <= LONGEST_TIMER) return milliseconds
  const isZero = NUMBER.test(digits) && Number(digits) <= 0
  throw usageError(
    `the option ${flag} ${JSON.stringify(text)}`,
    milliseconds > LONGEST_TIMER ? 'it is too long' : isZero ? 'it is not more than 0' : 'it is not a length of time',
    'Give seconds, minutes or hours, such as 10s, 5m or 1h.',
  )
}

/** Warnings before a key of this type is copied to many machines. */
export function keyTypeWarnings(keyType: string | undefined): string[] {
  if (keyType !== 'ed25519') return []
  return ['Docker, curl, Node and Python accept Ed25519 keys. Software built on NSS, such as Firefox, rejects them.']
}

export function addJson(command: Command): Command {
  return command.option('--json', 'print one JSON object on stdout')
}

/** For commands that show progress; their spec has `jsonLines: true`. */
export function addJsonLines(command: Command): Command {
  return command.option('--json', 'print JSON lines on stdout: one for each step, then the result')
}

/** For commands that ask for confirmation: see `confirm`. */
export function addYes(command: Command): Command {
  return command.option('--yes', "don't ask for confirmation")
}

/** For commands that create a server's files. */
export function addProbe(command: Command): Command {
  return command.option(
    '--probe',
    'also create a one-day client certificate in server/probe;  daemon apply  tests access with it',
  )
}

/** The options that choose the folder: see `withFolder`. */
export function addFolder(command: Command, flag = '--dir'): Command {
  return command
    .option(
      `${flag} <dir>`,
      `the folder with keys and certificates (default: DOCKER_MTLS_HOME, else ./${DEFAULT_FOLDER}; if both are missing, that of --home)`,
      once(flag),
    )
    .addOption(
      command
        .createOption(
          '--home',
          `use DOCKER_MTLS_HOME, else ~/.local/share/${DEFAULT_FOLDER}, for a CA outside of projects`,
        )
        .conflicts(flag.slice(2)),
    )
}

/** The option of {@link addFolder} in a command to copy. The default folder needs none. */
export function folderFlags(dir: string, flag = '--dir'): string[] {
  return dir === DEFAULT_FOLDER ? [] : [flag, dir]
}

/** The library has them too, but the file that creates keys is loaded only when it is used. A test compares both. */
export const KEY_TYPES: readonly KeyType[] = ['p256', 'p384', 'ed25519', 'rsa2048', 'rsa3072', 'rsa4096']

export function addKeyType(command: Command): Command {
  return command.addOption(choice('--key-type <type>', `${enumerate(KEY_TYPES, 'or')} (default: p256)`, KEY_TYPES))
}

export function addDays(command: Command, byDefault: number): Command {
  return command.option('--days <days>', `how many days it is valid (default: ${byDefault})`, once('--days'))
}

/**
 * Reads the flag of {@link addListLife}.
 *
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID
 * @throws {@link PkiError} ERR_DAYS_INVALID
 */
export async function readListDays(text: string | undefined): Promise<number | undefined> {
  if (text === undefined) return undefined
  const { parseDuration } = await import('../../keystore/renew/known.ts')
  const { MAX_LEAF_DAYS } = await import('../../pki/lifetime.ts')
  const days = parseDuration(text, '--for') / DAY_MS
  if (Number.isInteger(days) && days <= MAX_LEAF_DAYS) return days
  throw new PkiError('ERR_DAYS_INVALID', {
    tried: `the option --for ${quoted(text)}`,
    got: days > MAX_LEAF_DAYS ? `it is more than ${MAX_LEAF_DAYS} days` : 'it is not a whole number of days',
    todo: `Use a time from 1d to ${MAX_LEAF_DAYS}d.`,
  })
}

/** For commands that write revocation lists. */
export function addListLife(command: Command, byDefault: string): Command {
  const about = `how long the list is valid, such as 30d or 2w, if a timer delivers the next one in time (default: ${byDefault})`
  return command.option('--for <time>', about, once('--for'))
}

export function addPassphraseFile(command: Command): Command {
  const what = 'a file with the passphrase of the CA key (default: DOCKER_MTLS_CA_PASSPHRASE, else you are asked)'
  return command.option('--ca-passphrase-file <file>', what, once('--ca-passphrase-file'))
}

/** The options that choose the files of the daemon's configuration. */
export function addFormOptions(command: Command): Command {
  return command
    .addOption(
      command.createOption('--systemd', 'put all settings into the systemd drop-in (default)').conflicts('daemonJson'),
    )
    .option('--daemon-json', 'put the settings into daemon.json; the drop-in then only removes conflicting flags')
}

/** The option that names the server's files. */
export function addFrom(command: Command): Command {
  return command.option(
    '--from <dir>',
    "the folder  server  that init created (default: ./docker-mtls/server, ./server, then '.')",
    once('--from'),
  )
}

/** Suggests `--userns-remap=USER` for `--userns-remap USER`: a flag with an optional value doesn't take the next word. */
export function strayRemap(
  words: readonly string[],
  extra: string,
  flags: Readonly<Record<string, unknown>>,
): Sentence | undefined {
  if (typeof flags['usernsRemap'] !== 'string') return undefined
  return sentence`Write the value of --userns-remap with an equals sign:  ${SELF} ${words.join(' ')} --userns-remap=${extra}`
}

/** The options of the daemon's configuration; `unit`: also the path of another machine's unit. */
export function addDaemonOptions(command: Command, { unit = true }: { readonly unit?: boolean } = {}): Command {
  const remap = 'run containers in user namespaces; write a value with = (default: off; without a value: default)'
  command
    .option('--listen <addr:port>', 'the address that the daemon listens on (default: 0.0.0.0:2376)', once('--listen'))
    .option(
      '--tlsdir <dir>',
      'the folder on the server for its files (default: /etc/docker/tls, /etc/containers/tls for Podman)',
      once('--tlsdir'),
    )
    .addOption(command.createOption('--userns-remap [user]', remap).preset('default').argParser(once('--userns-remap')))
    .option('--no-userns-remap', 'no user namespaces, even if the unit or an earlier run sets them')
  const about = "the server's docker.service (default: the one of this machine, else that of docker-ce)"
  return unit ? command.option('--unit <file>', about, once('--unit')) : command
}

/** The option for Podman in the place of dockerd. Podman has its own user namespaces, and its unit is always the same. */
export function addPodman(command: Command, others: readonly string[] = []): Command {
  const about = "for Podman 5.7 or later instead of dockerd: a systemd service of its own for Podman's API"
  return command.addOption(command.createOption('--podman', about).conflicts(['usernsRemap', 'unit', ...others]))
}

/** Flags that select the daemon and the client's files. */
export interface EndpointFlags {
  readonly host?: string
  readonly context?: string
  readonly certPath?: string
  readonly dotenv?: string
  readonly tlsOnPort2375?: true
}

export function addEndpointOptions(command: Command): Command {
  command
    .option('--host <host>', 'the daemon, such as tcp://build01.example.com:2376', once('--host'))
    .option('--context <name>', 'the docker context to use', once('--context'))
  return addCredentialOptions(command)
}

/** The options of {@link addEndpointOptions} that don't name a daemon. */
export function addCredentialOptions(command: Command): Command {
  return (
    command
      .option('--cert-path <dir>', 'the folder with ca.pem, cert.pem and key.pem', once('--cert-path'))
      // Not --env-file: Node takes that for its own wherever it stands, and a NODE_OPTIONS in the file then runs code.
      .option('--dotenv <file>', 'a .env file with DOCKER_* variables', once('--dotenv'))
      .option('--tls-on-port-2375', 'allow port 2375, where the daemon must speak TLS too')
  )
}

/** The flags as options of the library. Without any, the environment decides. */
export function endpointOptions({ host, context, certPath, dotenv, tlsOnPort2375 }: EndpointFlags): EndpointOptions {
  return {
    ...(host !== undefined && { host }),
    ...(context !== undefined && { context }),
    ...(certPath !== undefined && { certPath }),
    ...(dotenv !== undefined && { envFile: dotenv }),
    ...(tlsOnPort2375 !== undefined && { tlsOnPort2375 }),
  }
}
