import { ArgumentError } from '../../errors.ts'
import { keysOf, refuseUnknown, shown } from '../description.ts'
import type { ConversationOptions } from '../options/run.ts'

/** Settings by the API's own names, and options of ours, which begin in lower case. */
export interface Parts<Options> {
  readonly settings: Readonly<Record<string, unknown>>
  readonly options: Options
}

/** What a call of this kind takes. */
export interface RunCall {
  readonly name: string
  readonly options: readonly string[]
  /** Settings that follow from the call, and what to write in their place. */
  readonly settled: Readonly<Record<string, string>>
}

export const RUN: RunCall = {
  name: 'run',
  options: ['name', 'platform', 'remove', 'pull', 'auth'],
  settled: {
    Image: 'Give the image as the first argument.',
    Cmd: 'Give the command as the second argument.',
    Tty: 'Write { tty: true }.',
    OpenStdin: 'Give { stdin }, or leave it out.',
    StdinOnce: 'Give { stdin }, or leave it out.',
    AttachStdin: 'Give { stdin }, or leave it out.',
    AttachStdout: 'Leave it out: its output is in the result.',
    AttachStderr: 'Leave it out: its output is in the result.',
  },
}

export const EXEC_RUN: RunCall = {
  name: 'exec.run',
  options: [],
  settled: {
    Cmd: 'Give the command as the second argument.',
    Tty: 'Write { tty: true }.',
    AttachStdin: 'Give { stdin }, or leave it out.',
    AttachStdout: 'Leave it out: its output is in the result.',
    AttachStderr: 'Leave it out: its output is in the result.',
  },
}

const CONVERSATION: readonly string[] = ['stdin', 'stdout', 'stderr', 'tty', 'signal']

/** Tells options of ours and settings apart, and refuses what is neither. */
export function splitOptions<Options extends ConversationOptions>(call: RunCall, given: Options): Parts<Options> {
  const known = [...call.options, ...CONVERSATION]
  const keys = keysOf(given, `the options of ${call.name}()`, `{ ${known.join(', ')} } and settings such as Env`)
  const [settings, options] = [keys.filter(isSetting), keys.filter((key) => !isSetting(key))]
  refuseUnknown(options, known, `${call.name}()`)
  for (const key of settings) if (key in call.settled) throw settled(call, key)
  const pick = (names: string[]): Record<string, unknown> =>
    Object.fromEntries(names.map((name) => [name, (given as Record<string, unknown>)[name]]))
  return { settings: pick(settings), options: pick(options) as unknown as Options }
}

const isSetting = (key: string): boolean => /^[A-Z]/.test(key)

function settled({ name, settled: instead }: RunCall, key: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the setting ${key} of ${name}()`,
    got: `${name}() decides on it`,
    todo: instead[key] ?? '',
  })
}

/** A line would be taken for the name of one program. */
export function checkCommand(name: string, command: unknown): void {
  if (Array.isArray(command) && command.every((word) => typeof word === 'string')) return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the command ${shown(command)} of ${name}()`,
    got: 'it is no list of words',
    todo: "Write ['ls', '-l'], or for a shell ['sh', '-c', 'ls -l | wc']; [] for the image's own command.",
  })
}

/** The daemon would remove it before anybody could ask how it ended. */
export function checkAutoRemove({ HostConfig }: Readonly<Record<string, unknown>>): void {
  if ((HostConfig as { AutoRemove?: boolean } | undefined)?.AutoRemove !== true) return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'the setting HostConfig.AutoRemove of run()',
    got: 'run() removes the container itself, once it knows how it ended',
    todo: 'Leave it out; { remove: false } keeps the container.',
  })
}
