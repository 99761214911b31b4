import { basename, dirname } from 'node:path'
import type { ArgumentError } from '../../base/errors.ts'
import { type CommandPart, sentence, type Sentence } from '../../base/sentence.ts'
import { usageError } from '../errors.ts'
import type { DockerFlag } from '../plugin/call.ts'

/** Options that say nothing that has to be handed on: variables of ours by now, or the docker command's own talk. */
const NOT_OURS = new Set(['--config', '--debug', '--log-level', '--version'])

const FILES: Readonly<Record<string, string>> = {
  '--tlscacert': 'ca.pem',
  '--tlscert': 'cert.pem',
  '--tlskey': 'key.pem',
}

/**
 * What `docker -H ... mtls ping` says as options of ours. What would mean less than verified TLS is refused, and so is
 * whatever a command has no use for: it was typed to have an effect.
 *
 * @param flags - those of the docker command
 * @param has - the options of the command that is meant
 * @param where - its name
 * @throws {@link ArgumentError} ERR_USAGE
 */
export function optionsFromDocker(flags: readonly DockerFlag[], has: readonly string[], where: CommandPart): string[] {
  const meant = flags.filter(([flag]) => !NOT_OURS.has(flag))
  for (const flag of meant) refuseWeak(flag, where)
  const files = meant.filter(([flag]) => flag in FILES)
  const words = [
    ...meant.flatMap(([flag, value = '']) => (['--host', '--context'].includes(flag) ? [flag, value] : [])),
    ...(files.length === 0 ? [] : ['--cert-path', folderOf(files, where)]),
  ]
  const connects = ['--host', '--context', '--cert-path'].every((option) => has.includes(option))
  const [first] = meant
  if (first === undefined || connects) return words
  throw refused(
    where,
    sentence`${first[0]} of the docker command says which daemon to reach, and ${where} reaches none by it`,
  )
}

function refuseWeak([flag, value = 'true']: DockerFlag, where: CommandPart): void {
  if (flag === '--tlsverify') {
    if (value === 'true') return
    throw refused(where, 'docker --tlsverify=false asks for TLS that verifies nobody, which is refused here')
  }
  if (flag === '--tls') {
    const what = value === 'true' ? 'TLS that verifies nobody' : 'no TLS at all'
    throw refused(where, `docker --tls${value === 'true' ? '' : `=${value}`} asks for ${what}, which is refused here`)
  }
  if (['--host', '--context'].includes(flag) || flag in FILES) return
  throw refused(where, `${flag} of the docker command means nothing here`)
}

/** Three files under any names are what the docker command takes; here it is a folder of three names. */
function folderOf(files: readonly DockerFlag[], where: CommandPart): string {
  const folders = new Set(files.map(([, path = '']) => dirname(path)))
  const isSet = Object.entries(FILES).every(([flag, name]) =>
    files.some(([given, path = '']) => given === flag && basename(path) === name),
  )
  const [folder] = folders
  if (isSet && folders.size === 1 && folder !== undefined) return folder
  const got = 'the files of the docker command are not ca.pem, cert.pem and key.pem of one folder'
  throw usageError([where], got, sentence`Put them there, and name the folder:  ${where} --cert-path DIR`)
}

function refused(where: CommandPart, got: Sentence): ArgumentError {
  return usageError([where], got, sentence`Leave it out; what there is instead:  ${where} --help`)
}
