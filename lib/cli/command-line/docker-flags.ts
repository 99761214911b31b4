import { basename, dirname } from 'node:path'
import type { ArgumentError } from '../../base/errors.ts'
import { type CommandPart, sentence, type Sentence } from '../../base/sentence.ts'
import { usageError } from '../errors.ts'
import type { DockerFlag } from '../../base/docker-flags.ts'
import { isOn } from '../plugin/call.ts'

/** Options that aren't passed on: some have become variables, others concern only the docker command. */
const NOT_OURS = new Set(['--config', '--debug', '--log-level', '--version'])

const FILES: Readonly<Record<string, string>> = {
  '--tlscacert': 'ca.pem',
  '--tlscert': 'cert.pem',
  '--tlskey': 'key.pem',
}

/**
 * Translates the options of `docker -H ... mtls ping` into ours. Refuses options that ask for less than verified TLS, and
 * options that the command can't use, because the user expects them to have an effect.
 *
 * @param flags - options of the docker command
 * @param has - the options of our command
 * @param where - its name
 * @throws {@link ArgumentError} ERR_USAGE
 */
export function optionsFromDocker(flags: readonly DockerFlag[], has: readonly string[], where: CommandPart): string[] {
  const relevant = flags.filter(([flag]) => !NOT_OURS.has(flag))
  for (const flag of relevant) refuseWeak(flag, where)
  const files = relevant.filter(([flag]) => flag in FILES)
  const words = [
    ...relevant.flatMap(([flag, value = '']) => (['--host', '--context'].includes(flag) ? [flag, value] : [])),
    ...(files.length === 0 ? [] : ['--cert-path', folderOf(files, where)]),
  ]
  const connects = ['--host', '--context', '--cert-path'].every((option) => has.includes(option))
  const [first] = relevant
  if (first === undefined || connects) return words
  throw refused(where, sentence`the docker command's ${first[0]} selects a daemon, but ${where} doesn't connect to one`)
}

function refuseWeak([flag, value]: DockerFlag, where: CommandPart): void {
  if (flag === '--tlsverify') {
    if (isOn(value)) return
    throw refused(where, "docker --tlsverify=false turns off verification, which docker-mtls doesn't allow")
  }
  if (flag === '--tls') {
    const [shown, what] = isOn(value) ? ['', 'TLS without verification'] : ['=false', 'no TLS']
    throw refused(where, `docker --tls${shown} asks for ${what}, which docker-mtls doesn't allow`)
  }
  if (['--host', '--context'].includes(flag) || flag in FILES) return
  throw refused(where, `docker-mtls doesn't support the docker command's ${flag}`)
}

/** The docker command accepts three files under any names; we need one folder with three fixed names. */
function folderOf(files: readonly DockerFlag[], where: CommandPart): string {
  const folders = new Set(files.map(([, path = '']) => dirname(path)))
  const isSet = Object.entries(FILES).every(([flag, name]) =>
    files.some(([given, path = '']) => given === flag && basename(path) === name),
  )
  const [folder] = folders
  if (isSet && folders.size === 1 && folder !== undefined) return folder
  const got = 'the TLS files given to the docker command are not ca.pem, cert.pem and key.pem in one folder'
  throw usageError(
    [where],
    got,
    sentence`Put them into one folder under these names, and name it:  ${where} --cert-path DIR`,
  )
}

function refused(where: CommandPart, got: Sentence): ArgumentError {
  return usageError([where], got, sentence`Leave it out. For the options of this command:  ${where} --help`)
}
