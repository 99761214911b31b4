import { homedir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { EndpointError, type EndpointErrorCode } from '../base/errors.ts'
import { sentence } from '../base/sentence.ts'
import { nameSource } from './resolution-log.ts'
import type { Environment, Variables } from './environment.ts'
import { forbiddenCharacter } from './text.ts'
import { printable } from '../base/text.ts'

interface PathText {
  readonly text: string
  /** Where it comes from, for messages. */
  readonly source: string
  readonly code: EndpointErrorCode
}

/** The user's home folder as the given environment has it; the account's own where it has none. */
export function homeFolder(env: Environment): string {
  const named = process.platform === 'win32' ? env['USERPROFILE'] : env['HOME']
  if (named !== undefined && named !== '') return resolve(named)
  // os.homedir() believes an empty HOME.
  return homedir() || userInfo().homedir
}

/** Makes a path that a person wrote absolute: `~` is the home folder, a relative one starts at the working directory. */
export function absolutePath({ text, source, code }: PathText, env: Environment): string {
  const refused = reasonAgainst(text)
  if (refused !== undefined) {
    const todo = 'Write the absolute path; only a leading ~/ is expanded.'
    throw new EndpointError(code, { tried: sentence`${nameSource(source)}=${printable(text)}`, got: refused, todo })
  }
  return text === '~' || /^~[/\\]/.test(text) ? join(homeFolder(env), text.slice(1)) : resolve(text)
}

function reasonAgainst(path: string): string | undefined {
  const forbidden = forbiddenCharacter(path)
  if (forbidden !== undefined) return `it holds ${forbidden}`
  if (/^~[^/\\]/.test(path)) return 'home folders of other users (~NAME) are not supported'
  // Quotes or a .env file kept the shell from it: the folder would be looked for below the working directory.
  if (/^(?:\$|%\w+%)/.test(path)) return 'variables in paths are not expanded'
  return undefined
}

/** Where config.json and the contexts are: DOCKER_CONFIG, a folder, or `~/.docker`. */
export function configFolder(variables: Variables, env: Environment): string {
  const set = variables.DOCKER_CONFIG
  if (set === undefined) return join(homeFolder(env), '.docker')
  return absolutePath({ text: set.value, source: set.source, code: 'ERR_CONFIG_INVALID' }, env)
}
