import { shellLine } from '../../../base/quoting/posix.ts'
import { safeShellWord } from './shell-words.ts'

/** How a request is written. */
export interface WriteOptions {
  /** The name of the container. */
  readonly name: string
  /** Writes values that may be secrets. */
  readonly showValues: boolean
}

/** How the file with the variables is made from the container as it is. */
export function envFileCommand(name: string): string {
  const format = '{{range .Config.Env}}{{println .}}{{end}}'
  return `${shellLine('docker', 'inspect', '--format', format)} ${safeShellWord(name)} > ${safeShellWord(envFile(name))}`
}

/** Where the command takes the values of variables from. A name may contain a slash only on a hostile daemon. */
export function envFile(name: string): string {
  return `./${name.replaceAll('/', '_')}.env`
}
