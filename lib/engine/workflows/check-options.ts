import { ArgumentError } from '../../base/errors.ts'
import { isAsyncIterable } from '../../transport/given-streams.ts'
import { shown } from '../description.ts'
import { checkCallOptions } from '../option-hints.ts'
import { checkRequestOptions, REQUEST_OPTIONS } from '../request-options.ts'
import type { ConversationOptions } from './options.ts'
import { checkWritable } from '../stream/sinks.ts'

/** Settings by their names in the API, and options of docker-mtls, which begin in lower case. */
export interface Parts<Options> {
  readonly settings: Readonly<Record<string, unknown>>
  readonly options: Options
}

/** The options and settings of a call of this kind. */
export interface RunCall {
  readonly name: string
  readonly options: readonly string[]
  /** Settings that the call sets itself, and the remedy for each. */
  readonly reserved: Readonly<Record<string, string>>
}

export const RUN: RunCall = {
  name: 'run',
  options: ['name', 'platform', 'remove', 'pull', 'auth'],
  reserved: {
    Image: 'Pass the image as the first argument.',
    Cmd: 'Pass the command as the second argument.',
    Tty: 'Use the option tty instead.',
    OpenStdin: 'Use the option stdin instead.',
    StdinOnce: 'Use the option stdin instead.',
    AttachStdin: 'Use the option stdin instead.',
    AttachStdout: 'Omit it: the result contains the output.',
    AttachStderr: 'Omit it: the result contains the output.',
  },
}

export const EXEC_RUN: RunCall = {
  name: 'exec.run',
  options: [],
  reserved: {
    Cmd: 'Pass the command as the second argument.',
    Tty: 'Use the option tty instead.',
    AttachStdin: 'Use the option stdin instead.',
    AttachStdout: 'Omit it: the result contains the output.',
    AttachStderr: 'Omit it: the result contains the output.',
  },
}

const CONVERSATION: readonly string[] = ['stdin', 'stdout', 'stderr', 'tty', 'allowUnknown', ...REQUEST_OPTIONS]

/** Separates options from settings, and refuses unknown options. */
export function splitOptions<Options extends ConversationOptions>(call: RunCall, given: Options): Parts<Options> {
  const known = [...call.options, ...CONVERSATION]
  const keys = Object.keys(given ?? {})
  const [settings, options] = [keys.filter(isSetting), keys.filter((key) => !isSetting(key))]
  checkCallOptions(given, [...known, ...settings], `${call.name}()`, 'the options')
  for (const key of settings) if (key in call.reserved) throw reservedSetting(call, key)
  checkRequestOptions(given, `${call.name}()`)
  checkConversation(call, given)
  const pick = (names: string[]): Record<string, unknown> =>
    Object.fromEntries(names.map((name) => [name, (given as Record<string, unknown>)[name]]))
  return { settings: pick(settings), options: pick(options) as unknown as Options }
}

function checkConversation({ name }: RunCall, { stdin, stdout, stderr }: ConversationOptions): void {
  if (stdin !== undefined && !isInput(stdin)) {
    throw new ArgumentError('ERR_ARGUMENT_INVALID', {
      tried: `the option stdin of ${name}(), ${shown(stdin)}`,
      got: 'it is not a string, bytes or a stream',
      todo: 'Pass a string, a Uint8Array, a Readable such as createReadStream(PATH), or an AsyncIterable.',
    })
  }
  if (stdout !== undefined) checkWritable(`the option stdout of ${name}()`, stdout)
  if (stderr !== undefined) checkWritable(`the option stderr of ${name}()`, stderr)
}

function isInput(value: unknown): boolean {
  return typeof value === 'string' || value instanceof Uint8Array || isAsyncIterable(value)
}

const isSetting = (key: string): boolean => /^[A-Z]/.test(key)

function reservedSetting({ name, reserved }: RunCall, key: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the setting ${key} of ${name}()`,
    got: `${name}() sets it itself`,
    todo: reserved[key] ?? '',
  })
}

/** The daemon would take a command line for the name of a program. */
export function checkCommand(name: string, command: unknown): void {
  if (Array.isArray(command) && command.every((word) => typeof word === 'string')) return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the command of ${name}()`,
    got: Array.isArray(command)
      ? 'it has an element that is not a string'
      : `it is ${shown(command)}, not an array of strings`,
    todo: `Pass ['ls', '-l'], or for a shell ['sh', '-c', 'ls -l | wc'].${name === RUN.name ? " To run the image's own command, pass []." : ''}`,
  })
}

/** Without an image the daemon would create an empty container, and then report that the program is missing. */
export function checkImage(image: unknown): void {
  if (typeof image === 'string' && image !== '') return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the image ${shown(image)} of run()`,
    got: 'it is not the name of an image',
    todo: "Pass a name or id, such as 'alpine:3.20'.",
  })
}

/** The daemon would remove the container before its exit code can be read. */
export function checkAutoRemove({ HostConfig }: Readonly<Record<string, unknown>>): void {
  if ((HostConfig as { AutoRemove?: boolean } | undefined)?.AutoRemove !== true) return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'the setting HostConfig.AutoRemove of run()',
    got: 'run() removes the container itself, after it has read the exit code',
    todo: 'Omit it. To keep the container, set { remove: false }.',
  })
}
