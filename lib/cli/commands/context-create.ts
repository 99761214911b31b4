import { SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { NewContext } from '../../contexts/create.ts'
import { findPlace, parseNamedHost } from '../inputs/client-folder.ts'
import type { CommandSpec, Context } from '../command.ts'
import { dockerConfig } from '../inputs/docker-config.ts'
import { usageError } from '../errors.ts'
import { madeAnswer } from '../reports/created-context.ts'
import { addFolder, addJson, once } from '../command-line/options.ts'
import { type FolderFlags } from '../inputs/key-folder.ts'

interface CreateFlags extends FolderFlags {
  readonly host?: string
  readonly certPath?: string
  readonly client?: string
  readonly description?: string
  readonly force?: true
  readonly json?: true
}

const WHERE = sentence`${SELF} context create`

async function runCreate(name: string, flags: CreateFlags, context: Context): Promise<void> {
  const { createContext } = await import('../../contexts/create.ts')
  const { env } = context.io
  const { description, force } = flags
  const place = await placeOf(flags, context)
  const made = await createContext(dockerConfig(env), { name, ...place, description, replace: force === true })
  context.answer(madeAnswer(made, context), flags)
}

/** The daemon and the files. Variables are ignored: a context outlives the shell that creates it. */
async function placeOf(flags: CreateFlags, context: Context): Promise<Pick<NewContext, 'endpoint' | 'certPath'>> {
  const { client, host, dir, home, certPath } = flags
  if (client !== undefined) {
    const place = await findPlace(client, flags, context)
    return { endpoint: parseNamedHost(place.host, '--host'), certPath: place.certPath }
  }
  if (dir !== undefined || home === true)
    throw usageError(
      WHERE,
      `${dir === undefined ? '--home' : '--dir'} has no effect without --client`,
      'Name a client in that folder:  --client NAME',
    )
  if (host === undefined) {
    throw usageError(
      WHERE,
      'neither --host nor --client is given',
      'Name the daemon with  --host , or a client that init created with  --client .',
    )
  }
  const endpoint = parseNamedHost(host, '--host')
  if (endpoint.kind === 'tls' || certPath === undefined)
    return { endpoint, ...(certPath !== undefined && { certPath }) }
  throw usageError(WHERE, `${endpoint.kind}:// uses no certificates`, 'Leave --cert-path out.')
}

function define(command: Command, context: Context): void {
  command.argument('<name>', 'the name of the context')
  command
    .option('--host <host>', 'the daemon: tcp://HOST:2376, ssh://USER@HOST or unix:///PATH', once('--host'))
    .option(
      '--cert-path <dir>',
      'the folder with ca.pem, cert.pem and key.pem, which are copied; for TCP only',
      once('--cert-path'),
    )
    .option('--client <name>', 'a client that init created, instead of both', once('--client'))
  addFolder(command)
  command
    .option('--description <text>', 'a text that  context ls  shows', once('--description'))
    .option('--force', 'replace an existing context')
  addJson(command).action((name: string, flags: CreateFlags) => runCreate(name, flags, context))
}

export const contextCreate: CommandSpec = {
  description:
    "Creates a context in the docker command's own store, with a copy of the client's three files. Then  docker --context " +
    'NAME  and docker-mtls reach the daemon without any variables. The files are checked first: a context with files that ' +
    'no daemon would accept is not created. Neither is a TCP context without TLS or without verification.',
  examples: [
    [sentence`${SELF} context create build01 --client alice`, 'as alice, in the folder that contains ./docker-mtls'],
    [
      sentence`${SELF} context create prod --host build01.example.com --cert-path ~/keys`,
      'then:  docker --context prod ps , or  docker context use prod',
    ],
    [sentence`${SELF} context create lab --host ssh://me@lab --description "by ssh"`, 'over ssh, without certificates'],
  ],
  json: '{ name, action, host, description, path, certPath, certificate, warnings };\naction is "created" or "replaced".',
  stray: (extra) => sentence`Name the host with an option:  ${SELF} context create NAME --host ${extra}`,
  define,
}
