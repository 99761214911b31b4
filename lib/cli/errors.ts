import { inspect } from 'node:util'
import type { Sentence } from '../base/sentence.ts'
import type { Environment } from '../endpoint/environment.ts'
import { ArgumentError, isDockerMtlsError, sentencesOf, type AnyDockerMtlsError } from '../base/errors.ts'
import { escapeText } from '../base/text.ts'
import { Declined } from './terminal/confirm.ts'
import { Interrupted } from './terminal/io.ts'
import { renderTyped } from './terminal/sentence-style.ts'
import { printableLines } from '../base/text.ts'

/** What a program gets with --json in place of an answer. */
export interface ErrorReport {
  readonly error: {
    /** `ERR_...`; `ERR_UNEXPECTED` for a fault in docker-mtls itself, `ERR_INTERRUPTED` for Ctrl-C and its like. */
    readonly code: string
    readonly message: string
    readonly tried?: string
    readonly got?: string
    readonly todo?: string
  }
}

const FAILED = 1
/** The command line itself is wrong: nothing was looked at, and nothing was done. */
export const USAGE = 2

/** A command line that can't be meant. `where` is the command, `todo` the way out. */
export function usageError(where: Sentence, got: Sentence, todo: Sentence): ArgumentError {
  return new ArgumentError('ERR_USAGE', { tried: where, got, todo })
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) return error.exitCode
  // The library's own argument mistakes, such as --host beside --context, are mistakes of the command line here.
  return error instanceof ArgumentError ? USAGE : FAILED
}

/** One or two lines: what was tried, what came back, what to do. Other machines' words in them do nothing to a terminal. */
export function errorText(error: unknown, env: Environment): { code: string; text: string } {
  const stack = wantsStack(env) ? `\n${inspect(error)}` : ''
  if (isDockerMtlsError(error)) {
    const { tried, got, todo } = textsFor(error, env)
    return { code: error.code, text: `${printableLines(`${tried}: ${got}.\n${todo}`)}${stack}` }
  }
  const way = stack === '' ? ' NODE_DEBUG=docker-mtls shows where.' : stack
  return { code: 'ERR_UNEXPECTED', text: `${firstLine(error)}. This is a fault in docker-mtls.${way}` }
}

export function errorReport(error: unknown, env: Environment): ErrorReport {
  if (error instanceof Interrupted) return { error: { code: 'ERR_INTERRUPTED', message: 'A signal ended it' } }
  if (error instanceof Declined) return { error: { code: 'ERR_CONFIRMATION_REQUIRED', message: error.message } }
  if (!isDockerMtlsError(error)) return { error: { code: 'ERR_UNEXPECTED', message: firstLine(error) } }
  const { tried, got, todo } = textsFor(error, env)
  return { error: { code: error.code, message: `${tried}: ${got}.\n${todo}`, tried, got, todo } }
}

/** The texts of an error for someone who typed a command. */
function textsFor(error: AnyDockerMtlsError, env: Environment): Record<'tried' | 'got' | 'todo', string> {
  const { tried, got, todo } = sentencesOf(error)
  const render = (part: Sentence): string => escapeText(renderTyped(part, env))
  return { tried: render(tried), got: render(got), todo: render(todo) }
}

function wantsStack({ NODE_DEBUG = '' }: Environment): boolean {
  return NODE_DEBUG.split(',').some((section) => ['docker-mtls', '*'].includes(section.trim().toLowerCase()))
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return (text.split('\n')[0] ?? '').replace(/\.$/, '')
}
