import { readFile } from 'node:fs/promises'
import { EndpointError } from '../base/errors.ts'
import { fileReason } from '../base/files.ts'
import { ours, sentence, type Sentence } from '../base/sentence.ts'
import { enumerate } from '../base/text.ts'
import { pickVariables, VARIABLE_NAMES, daemonOrIdentityNames, type Variables } from './environment.ts'
import type { ResolutionLog } from './resolution-log.ts'

/**
 * Whether a line sets the variable in another shell's syntax, which dotenv skips silently: `set X=`, `setx X`, `$Env:X =`,
 * `set -gx X`.
 */
function hasUnreadLine(text: string, name: string): boolean {
  return new RegExp(`^[^\\S\\n]*(?:[^\\s=#]+[^\\S\\n]+){0,3}["']?(?:\\$env:)?${name}\\b`, 'im').test(text)
}

/**
 * dotenv takes quadratic time for many blank lines. Those within a quoted value are lost as well; no value of ours has any.
 */
function withoutBlankLines(text: string): string {
  return text.replaceAll(/[\n\r\u2028\u2029]\s*[\n\r\u2028\u2029]/g, '\n')
}

/**
 * Reads the named `.env` file. It doesn't change `process.env`. No file is searched for, because a `.env` file in a
 * checked-out repository must not choose the daemon.
 */
async function readEnvFile(path: string): Promise<Variables> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw refusal(path, fileReason(cause), 'Pass the path of a file that this user can read.', cause)
  })
  if (text.includes('\0')) throw refusal(path, 'it is not UTF-8 text', 'Save it as UTF-8.')
  const { parse } = await import('dotenv')
  const parsed = await checkParsed(path, parse(withoutBlankLines(text)))
  const unread = VARIABLE_NAMES.find((name) => parsed[name] === undefined && hasUnreadLine(text, name))
  if (unread !== undefined) {
    throw refusal(path, `its line for ${unread} can't be read`, `Write it as ${unread}='VALUE'.`)
  }
  const variables = pickVariables(parsed, path)
  if (Object.keys(variables).length === 0) {
    throw refusal(
      path,
      'it sets none of the DOCKER_* variables',
      sentence`Pass a file with them. To create one:  ${ours('client', 'env', 'NAME')}`,
    )
  }
  return variables
}

async function checkParsed(path: string, parsed: unknown): Promise<Record<string, string>> {
  const { z } = await import('zod/v3')
  const checked = z.record(z.string(), z.string()).safeParse(parsed)
  if (checked.success) return checked.data
  throw refusal(path, "its lines don't have the form NAME=VALUE", "Write NAME='VALUE' on each line.")
}

function refusal(path: string, got: string, todo: Sentence, cause?: unknown): EndpointError {
  return new EndpointError('ERR_ENV_FILE_INVALID', { tried: `reading the env file ${path}`, got, todo, cause })
}

/**
 * Adds the variables of a file to those of the process. If the process already names a daemon or a client certificate, the
 * whole file is ignored, since nobody intends to combine the host of one with the certificates of the other.
 */
export async function addEnvFile(process: Variables, path: string, log: ResolutionLog): Promise<Variables> {
  const file = await readEnvFile(path)
  const set = daemonOrIdentityNames(process)
  if (set.length === 0) {
    log.record('option envFile', 'chosen', 'the process sets none of these variables', path)
    return { ...file, ...process, ...(file.DOCKER_CONFIG && { DOCKER_CONFIG: file.DOCKER_CONFIG }) }
  }
  const because = `the process already sets ${enumerate(set)}`
  log.record('option envFile', 'ignored', because, path)
  log.warn('env-file-ignored', `The env file ${path} is ignored: ${because}.`)
  return process
}
