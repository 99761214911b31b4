import { resolve } from 'node:path'
import { isThere } from '../../base/files.ts'
import { isDockerMtlsError, PkiError, sentencesOf } from '../../base/errors.ts'
import { ours, partsOf, sentence, type Sentence } from '../../base/sentence.ts'
import { enumerate, printable } from '../../base/text.ts'
import type { Environment } from '../../endpoint/environment.ts'
import { clientsFolder } from '../../keystore/layout.ts'
import type { KnownCas, NearbyCa } from '../errors.ts'
import { hasCa } from './has-ca.ts'
import { nearbyCas } from './nearby-cas.ts'
import { partFault } from './part-of-folder.ts'

/** A command line that failed. */
export interface FailedCall {
  /** The words of the command. */
  readonly words: readonly string[]
  /** Its arguments. */
  readonly rest: readonly string[]
  /** The folder in which it looked for a CA. */
  readonly folder: string
  readonly env: Environment
}

/** Failures in a folder without a CA, which may be the wrong folder. */
const CODES = ['ERR_CA_MISSING', 'ERR_CA_NEARBY', 'ERR_CLIENT_NOT_FOUND'] as const

/**
 * Adds the command that uses the nearest CA to an error about a folder without a CA. It replaces the remedy to create a CA: in
 * the wrong folder, that would be a second one.
 */
export async function explainMissingCa(
  error: unknown,
  call: FailedCall,
): Promise<{ readonly error: unknown; readonly known?: KnownCas }> {
  const code = CODES.find((one) => isDockerMtlsError(error, one))
  if (code === undefined || !(error instanceof PkiError) || (await hasCa(call.folder))) return { error }
  const nearby = await nearbyCas(call.folder, call.env)
  const known = { lookedIn: resolve(call.folder), nearby }
  const { tried, got, todo } = sentencesOf(error)
  const first = useFirst(nearby, call)
  if (first === undefined) return { error, known }
  const remedy = (await isReplaced(code, todo, call.folder)) ? first : sentence`${first}  ${todo}`
  return { error: new PkiError(code, { tried, got, todo: remedy, cause: error }), known }
}

/** Others stay: how to restore a lost CA, or to create a second one on purpose. */
async function isReplaced(code: (typeof CODES)[number], todo: Sentence, folder: string): Promise<boolean> {
  if ((await partFault(folder)) !== undefined) return true
  if (code === 'ERR_CLIENT_NOT_FOUND') return !(await isThere(clientsFolder(folder)))
  return partsOf(todo).some((part) => typeof part === 'object' && 'command' in part && isCertCa(part.command))
}

function isCertCa([, group, name]: readonly string[]): boolean {
  return group === 'cert' && name === 'ca'
}

/** The option that names the folder. */
export function folderOption([first]: readonly string[]): string {
  return first === 'init' ? '--out' : '--dir'
}

function useFirst([first, ...others]: readonly NearbyCa[], { words, rest }: FailedCall): Sentence | undefined {
  if (first === undefined) return undefined
  const flag = folderOption(words)
  const line = ours(...words, flag, first.folder, ...withoutFolder(rest, flag))
  const more = others.length === 0 ? '' : `  Other CAs: ${enumerate(others.map(describeCa))}.`
  return sentence`Use the CA ${describeCa(first)}:  ${line}${more}`
}

/** `docker-mtls CA 1f0c in /srv/docker-mtls`. */
export function describeCa({ folder, name }: NearbyCa): string {
  return `${printable(name)} in ${folder}`
}

function withoutFolder(words: readonly string[], flag: string): string[] {
  const end = words.indexOf('--')
  const options = end === -1 ? words : words.slice(0, end)
  const kept = options.filter(
    (word, index) => word !== flag && options[index - 1] !== flag && !word.startsWith(`${flag}=`) && word !== '--home',
  )
  return [...kept, ...words.slice(options.length)]
}
