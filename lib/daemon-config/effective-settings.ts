import { DaemonError } from '../base/errors.ts'
import { hostsOf, readDaemonJson, type DaemonJson } from './existing-daemon-json.ts'
import { ownWord, readFlags, type Flag } from './unit/flags.ts'
import { DEFAULT_LISTENER, parseListener } from './listen.ts'
import { checkDaemonOptions, type DaemonOptions, type TlsFiles } from './options.ts'
import { quoteExecutable, splitWords, wordOptions, type Word, type WordOptions } from './unit/words.ts'
import { checkUnit, DOCKER_CE_UNIT, type ParsedUnit } from './unit/parse-unit.ts'
import { parseUserns } from './userns/parse-userns.ts'
import { checkPath } from '../base/absolute-path.ts'
import { quoted } from '../base/text.ts'

/** The settings to render: the options, and the kept settings of the unit and of the existing daemon.json. */
export interface EffectiveSettings {
  /** The characters before the executable, such as `-` (systemd.service(5), "Command lines"). */
  readonly prefix: string
  readonly exec: string
  /** The argv[0] of dockerd, if the unit has the prefix `@`. */
  readonly argv0: Word | undefined
  readonly words: WordOptions
  /** The unit's flags that docker-mtls doesn't set. */
  readonly kept: readonly Flag[]
  /** The unit's flags that are replaced or removed. */
  readonly dropped: readonly Flag[]
  /** The listeners that are reachable only on the host. */
  readonly local: readonly Flag[]
  /** The listeners on the network. */
  readonly tcp: readonly Flag[]
  readonly tls: TlsFiles
  readonly usernsRemap: string | undefined
  readonly debug: boolean | undefined
  readonly environmentFiles: readonly string[]
  readonly existing: DaemonJson | undefined
}

/**
 * The flags that docker-mtls always sets itself. All TLS flags are included: `--tls=false` beside `--tlsverify` would be
 * ambiguous.
 */
export const MANAGED_FLAGS: ReadonlySet<string> = new Set([
  'host',
  'tls',
  'tlsverify',
  'tlscacert',
  'tlscert',
  'tlskey',
])

/** The keys of daemon.json that stand for these settings, without `hosts`. */
export function managedKeys({ tls, usernsRemap, debug }: EffectiveSettings): DaemonJson {
  return {
    tlsverify: true,
    tlscacert: tls.ca,
    tlscert: tls.cert,
    tlskey: tls.key,
    ...(usernsRemap !== undefined && { 'userns-remap': usernsRemap }),
    ...(debug !== undefined && { debug }),
  }
}

/** Whether a listener is reachable only on its own host. */
export function isLocal(listener: string): boolean {
  return listener.startsWith('fd://') || listener.startsWith('unix://')
}

/**
 * Checks the options and decides which settings of the unit and of daemon.json are kept.
 *
 * @param jsonName - how errors refer to daemon.json
 * @throws {@link ArgumentError} {@link DaemonError} for an invalid option
 */
export function effectiveSettings(options: DaemonOptions, jsonName?: string): EffectiveSettings {
  checkDaemonOptions(options)
  for (const key of ['ca', 'cert', 'key'] as const) checkPath(options.tls[key], `tls.${key}`)
  const unit = unitOf(options)
  const words = wordOptions(unit.prefix)
  const { argv0, args } = splitArgv0(unit, words)
  const flags = readFlags(args, words)
  const dropped = flags.filter((flag) => isReplaced(flag, options))
  const existing = options.daemonJson === undefined ? undefined : readDaemonJson(options.daemonJson, jsonName)
  const listen = readListen(options.listen ?? [DEFAULT_LISTENER]).map((listener) => hostFlag(listener, words))
  return {
    prefix: unit.prefix,
    exec: unit.exec,
    argv0,
    words,
    kept: flags.filter((flag) => !dropped.includes(flag)),
    dropped,
    local: localListeners(
      listen.filter(isLocalFlag),
      dropped,
      hostsOf(existing).map((host) => hostFlag(host, words)),
      words,
    ),
    tcp: listen.filter((flag) => !isLocalFlag(flag)),
    tls: options.tls,
    usernsRemap: options.usernsRemap === undefined ? undefined : parseUserns(options.usernsRemap),
    debug: options.debug,
    environmentFiles: unit.environmentFiles,
    existing,
  }
}

function unitOf({ unit, exec }: DaemonOptions): ParsedUnit {
  if (exec === undefined) {
    if (unit !== undefined) checkUnit(unit)
    return unit ?? DOCKER_CE_UNIT
  }
  checkPath(exec, 'exec')
  quoteExecutable(exec)
  return { exec, prefix: '', args: [], environmentFiles: [] }
}

function splitArgv0(unit: ParsedUnit, words: WordOptions): { argv0: Word | undefined; args: readonly string[] } {
  if (!unit.prefix.includes('@')) return { argv0: undefined, args: unit.args }
  return { argv0: splitWords(unit.args[0] ?? '', words)[0], args: unit.args.slice(1) }
}

function isReplaced({ name = '' }: Flag, { usernsRemap, debug }: DaemonOptions): boolean {
  if (name === 'userns-remap') return usernsRemap !== undefined
  if (name === 'debug') return debug !== undefined
  return MANAGED_FLAGS.has(name)
}

function readListen(listen: readonly string[]): string[] {
  const listeners = listen.map((listener) => parseListener(listener))
  const twice = listeners.find((listener, index) => listeners.indexOf(listener) !== index)
  if (twice === undefined) return listeners
  throw new DaemonError('ERR_LISTEN_INVALID', {
    tried: `using the listener ${quoted(twice)}`,
    got: 'it is given twice, and dockerd can open it only once',
    todo: 'Give each listener once.',
  })
}

function hostFlag(listener: string, words: WordOptions): Flag {
  return { name: 'host', value: listener, words: [ownWord('-H', words), ownWord(listener, words)] }
}

/** A value that only systemd can expand, such as `unix://%t/docker.sock`, is recognized by its beginning. */
export function isLocalFlag({ name, value, words }: Flag): boolean {
  if (name !== 'host') return false
  if (value !== undefined) return isLocal(value)
  return isLocal((words[1]?.text ?? words[0]?.text ?? '').replace(/^(?:-H=?|--host=)/, ''))
}

function localListeners(
  given: readonly Flag[],
  unit: readonly Flag[],
  existing: readonly Flag[],
  words: WordOptions,
): Flag[] {
  if (given.length > 0) return [...given]
  const found = [...unit, ...existing].filter(isLocalFlag)
  const once = found.filter(
    ({ value }, index) => value === undefined || index === found.findIndex((other) => other.value === value),
  )
  return once.length > 0 ? once : [hostFlag('fd://', words)]
}
