import { inspect } from 'node:util'
import type { Sentence } from '../base/sentence.ts'
import type { Environment } from '../endpoint/environment.ts'
import {
  ArgumentError,
  isDockerMtlsError,
  sentencesOf,
  type AnyDockerMtlsError,
  type ErrorCode,
} from '../base/errors.ts'
import { escapeText, printableLines } from '../base/text.ts'
import { Declined } from './terminal/confirm.ts'
import { Interrupted } from './terminal/io.ts'
import { renderTyped } from './terminal/sentence-style.ts'

/** A CA that the user probably means. */
export interface NearbyCa {
  /** The absolute path of the folder that `init` created. */
  readonly folder: string
  /** The common name of the CA. */
  readonly name: string
}

/** What an error about a folder without a CA has besides its texts. */
export interface KnownCas {
  /** The absolute path of the folder in which the command looked. */
  readonly lookedIn: string
  readonly nearby: readonly NearbyCa[]
}

/** What --json prints when a command fails. */
export interface ErrorReport {
  readonly error: {
    /** `ERR_...`; `ERR_UNEXPECTED` for a bug in docker-mtls, `ERR_INTERRUPTED` for Ctrl-C and other signals. */
    readonly code: string
    readonly message: string
    readonly tried?: string
    readonly got?: string
    readonly todo?: string
  } & Partial<KnownCas>
}

const FAILED = 1
/** The command line is wrong: nothing was read or changed. */
export const USAGE = 2

/** A mistake in the command line. `where` is the command, `todo` the remedy. */
export function usageError(where: Sentence, got: Sentence, todo: Sentence): ArgumentError {
  return new ArgumentError('ERR_USAGE', { tried: where, got, todo })
}

/** The library refuses these values wherever they come from; here, they come from the command line or a variable. */
const VALUE_CODES: ReadonlySet<string> = new Set<ErrorCode>([
  'ERR_API_VERSION_INVALID',
  'ERR_CA_HOME_INVALID',
  'ERR_CERT_PATH_INVALID',
  'ERR_CONTEXT_NAME_INVALID',
  'ERR_DAYS_INVALID',
  'ERR_HOST_INVALID',
  'ERR_KEY_TYPE_INVALID',
  'ERR_LISTEN_INVALID',
  'ERR_LISTEN_PLAINTEXT',
  'ERR_NAME_INVALID',
  'ERR_PATH_INVALID',
  'ERR_REFERENCE_INVALID',
  'ERR_SHELL_UNKNOWN',
  'ERR_USERNS_INVALID',
])

export function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) return error.exitCode
  // The library's own argument mistakes, such as --host beside --context, are mistakes of the command line here.
  if (error instanceof ArgumentError) return USAGE
  return isDockerMtlsError(error) ? exitCodeFor(error.code) : FAILED
}

/** The exit code for the code of an error, or of a step that failed. */
export function exitCodeFor(code: string): number {
  return VALUE_CODES.has(code) ? USAGE : FAILED
}

/** One or two lines: what was tried, what came back, what to do. Control characters from other machines are escaped. */
export function errorText(error: unknown, env: Environment): { code: string; text: string } {
  const stack = wantsStack(env) ? `\n${printableLines(inspect(error))}` : ''
  if (isDockerMtlsError(error)) {
    return { code: error.code, text: `${textsFor(error, env).message}${stack}` }
  }
  const hint = stack === '' ? ' Set NODE_DEBUG=docker-mtls to see where.' : stack
  return { code: 'ERR_UNEXPECTED', text: `${firstLine(error)}. This is a bug in docker-mtls.${hint}` }
}

/** @param known - the CAs near a folder without one */
export function errorReport(error: unknown, env: Environment, known?: KnownCas): ErrorReport {
  if (error instanceof Interrupted)
    return { error: { code: 'ERR_INTERRUPTED', message: 'A signal stopped the command' } }
  if (error instanceof Declined) return { error: { code: 'ERR_CONFIRMATION_REQUIRED', message: error.message } }
  if (!isDockerMtlsError(error)) return { error: { code: 'ERR_UNEXPECTED', message: firstLine(error) } }
  return { error: { code: error.code, ...textsFor(error, env), ...known } }
}

/** The texts of an error for someone who typed a command. */
function textsFor(error: AnyDockerMtlsError, env: Environment): Record<'message' | 'tried' | 'got' | 'todo', string> {
  const sentences = sentencesOf(error)
  const render = (part: Sentence): string => escapeText(renderTyped(part, env))
  const [tried, got, todo] = [render(sentences.tried), render(sentences.got), render(sentences.todo)]
  const message = [`${tried}: ${got}.`, ...(sentences.details ?? []).map(render), todo].join('\n')
  return { message, tried, got, todo }
}

function wantsStack({ NODE_DEBUG = '' }: Environment): boolean {
  return NODE_DEBUG.split(',').some((section) => ['docker-mtls', '*'].includes(section.trim().toLowerCase()))
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return escapeText(text.split('\n')[0] ?? '').replace(/\.$/, '')
}
