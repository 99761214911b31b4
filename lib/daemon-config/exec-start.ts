import { DaemonError } from '../base/errors.ts'
import { ownWord, type Flag } from './unit/flags.ts'
import type { Plan } from './effective-settings.ts'
import { quoteExecutable, type Word } from './unit/words.ts'
import { quoted } from '../base/text.ts'

/** The flags of the first form, where all is in `ExecStart=`, in the order of the notes that this package grew from. */
export function allFlags(plan: Plan): Flag[] {
  const { debug, kept, local, tls, usernsRemap, tcp } = plan
  return [
    ...(debug === true ? [switchOn(plan, 'debug', '-D')] : []),
    ...kept,
    ...local,
    switchOn(plan, 'tlsverify', '--tlsverify'),
    setTo(plan, 'tlscert', tls.cert),
    setTo(plan, 'tlscacert', tls.ca),
    setTo(plan, 'tlskey', tls.key),
    ...(usernsRemap === undefined ? [] : [userns(usernsRemap)]),
    ...tcp,
  ]
}

function switchOn(plan: Plan, name: string, word: string): Flag {
  return { name, value: 'true', words: [ownWord(word, plan.words)] }
}

function setTo(plan: Plan, name: string, value: string): Flag {
  return { name, value, words: [ownWord(`--${name}=${value}`, plan.words)] }
}

/** The value is in quotes, as in the notes; it holds nothing that would need an escape. */
function userns(value: string): Flag {
  const literal = `--userns-remap=${value}`
  return { name: 'userns-remap', value, words: [{ raw: `--userns-remap="${value}"`, text: literal, literal }] }
}

function wordsOf(flags: readonly Flag[]): readonly Word[] {
  return flags.flatMap((flag) => flag.words)
}

/** The drop-in. Without the empty `ExecStart=` systemd would refuse the service for having two (systemd.service(5)). */
export function dropIn(plan: Plan, flags: readonly Flag[]): string {
  const head = [`${plan.prefix}${quoteExecutable(plan.exec)}`, ...(plan.argv0 === undefined ? [] : [plan.argv0.raw])]
  const line = [...head, ...wordsOf(flags).map((word) => word.raw)].join(' ')
  return `[Service]\nExecStart=\nExecStart=${line}\n`
}

/** The same words as a process gets them, for a dockerd without systemd. */
export function argv(plan: Plan, flags: readonly Flag[]): string[] {
  if (flags.some((flag) => flag.name === 'host' && flag.value?.startsWith('fd://'))) throw noSystemd()
  return [plan.exec, ...wordsOf(flags).map(literalOf)]
}

function literalOf({ raw, literal }: Word): string {
  if (literal !== undefined) return literal
  throw new DaemonError('ERR_UNIT_INVALID', {
    tried: `rendering the argument ${quoted(raw)} of the unit without systemd`,
    got: 'only systemd knows what it stands for',
    todo: 'Leave the option unit out and give exec, the path of dockerd.',
  })
}

function noSystemd(): DaemonError {
  return new DaemonError('ERR_LISTEN_INVALID', {
    tried: 'rendering the listener "fd://" without systemd',
    got: 'there is nobody to hand a socket over: dockerd would not start',
    todo: 'Give a local listener of its own in listen: unix:///PATH.',
  })
}
