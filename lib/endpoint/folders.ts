import { homedir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { EndpointError, type EndpointErrorCode } from '../base/errors.ts'
import { sentence } from '../base/sentence.ts'
import { nameSource, type ResolutionLog } from './resolution-log.ts'
import type { Environment, Variables } from './environment.ts'
import { forbiddenCharacter } from './text.ts'
import { printable } from '../base/text.ts'

interface PathText {
  readonly text: string
  /** The option or variable that it comes from, for messages. */
  readonly source: string
  readonly code: EndpointErrorCode
}

/** The home folder in the environment, else that of the account. */
export function homeFolder(env: Environment): string {
  const named = process.platform === 'win32' ? env['USERPROFILE'] : env['HOME']
  if (named !== undefined && named !== '') return resolve(named)
  // With an empty HOME, os.homedir() returns the empty string.
  return homedir() || userInfo().homedir
}

/** Makes a path absolute. A leading `~` is the home folder, and a relative path is resolved in the working directory. */
export function absolutePath({ text, source, code }: PathText, env: Environment): string {
  const fault = pathFault(text)
  if (fault !== undefined) {
    const todo = 'Write the absolute path; only a leading ~/ is expanded.'
    throw new EndpointError(code, { tried: sentence`${nameSource(source)}=${printable(text)}`, got: fault, todo })
  }
  return text === '~' || /^~[/\\]/.test(text) ? join(homeFolder(env), text.slice(1)) : resolve(text)
}

function pathFault(path: string): string | undefined {
  const forbidden = forbiddenCharacter(path)
  if (forbidden !== undefined) return `it contains ${forbidden}`
  if (/^~[^/\\]/.test(path)) return 'home folders of other users (~NAME) are not supported'
  // Quotes or a .env file prevented the expansion. The path would then be resolved in the working directory.
  if (/^(?:\$|%\w+%)/.test(path)) return 'variables in paths are not expanded'
  return undefined
}

/** The folder of config.json and the contexts: DOCKER_CONFIG, else `~/.docker`. */
export function configFolder(variables: Variables, env: Environment): string {
  const set = variables.DOCKER_CONFIG
  if (set === undefined) return join(homeFolder(env), '.docker')
  return absolutePath({ text: set.value, source: set.source, code: 'ERR_CONFIG_INVALID' }, env)
}

/** {@link configFolder} for the contexts. Records that DOCKER_CONFIG names it. */
export function contextsFolder(env: Environment, log: ResolutionLog): string {
  log.considered = 'DOCKER_CONFIG'
  const config = configFolder(log.variables, env)
  if (log.variables.DOCKER_CONFIG !== undefined) {
    log.record('DOCKER_CONFIG', 'chosen', 'it is the folder of the contexts', config)
  }
  return config
}
