import { DaemonError } from '../base/errors.ts'
import { ownWord, type Flag } from './unit/flags.ts'
import type { EffectiveSettings } from './effective-settings.ts'
import { quoteExecutable, type Word } from './unit/words.ts'
import { option, sentence } from '../base/sentence.ts'
import { quoted } from '../base/text.ts'

/** The flags of the systemd form, with all settings in `ExecStart=`. */
export function allFlags(settings: EffectiveSettings): Flag[] {
  const { debug, kept, local, tls, usernsRemap, tcp } = settings
  return [
    ...(debug === true ? [switchOn(settings, 'debug', '-D')] : []),
    ...kept,
    ...local,
    switchOn(settings, 'tlsverify', '--tlsverify'),
    setTo(settings, 'tlscert', tls.cert),
    setTo(settings, 'tlscacert', tls.ca),
    setTo(settings, 'tlskey', tls.key),
    ...(usernsRemap === undefined ? [] : [usernsFlag(usernsRemap)]),
    ...tcp,
  ]
}

function switchOn(settings: EffectiveSettings, name: string, word: string): Flag {
  return { name, value: 'true', words: [ownWord(word, settings.words)] }
}

function setTo(settings: EffectiveSettings, name: string, value: string): Flag {
  return { name, value, words: [ownWord(`--${name}=${value}`, settings.words)] }
}

/** Quotes the value, as the usual instructions do. Nothing in it needs an escape. */
function usernsFlag(value: string): Flag {
  const literal = `--userns-remap=${value}`
  return { name: 'userns-remap', value, words: [{ raw: `--userns-remap="${value}"`, text: literal, literal }] }
}

function wordsOf(flags: readonly Flag[]): readonly Word[] {
  return flags.flatMap((flag) => flag.words)
}

/**
 * Renders the drop-in. Without the empty `ExecStart=`, the service would have two, and systemd would refuse it
 * (systemd.service(5)).
 */
export function dropIn(settings: EffectiveSettings, flags: readonly Flag[]): string {
  const head = [
    `${settings.prefix}${quoteExecutable(settings.exec)}`,
    ...(settings.argv0 === undefined ? [] : [settings.argv0.raw]),
  ]
  const line = [...head, ...wordsOf(flags).map((word) => word.raw)].join(' ')
  return `[Service]\nExecStart=\nExecStart=${line}\n`
}

/** Renders the same command line as an argument vector, for a dockerd that is started without systemd. */
export function argv(settings: EffectiveSettings, flags: readonly Flag[]): string[] {
  if (flags.some((flag) => flag.name === 'host' && flag.value?.startsWith('fd://'))) throw noSystemd()
  return [settings.exec, ...wordsOf(flags).map(literalOf)]
}

function literalOf({ raw, literal }: Word): string {
  if (literal !== undefined) return literal
  throw new DaemonError('ERR_UNIT_INVALID', {
    tried: `rendering the argument ${quoted(raw)} of the unit without systemd`,
    got: 'only systemd can expand it',
    todo: sentence`Set ${option('exec')} to the path of dockerd, and omit ${option('unit')}.`,
  })
}

function noSystemd(): DaemonError {
  return new DaemonError('ERR_LISTEN_INVALID', {
    tried: 'rendering the listener "fd://" without systemd',
    got: 'without systemd no process passes a socket to dockerd, and it would not start',
    todo: sentence`Add a local listener to ${option('listen')}: unix:///PATH.`,
  })
}
