import { SELF, type Sentence, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import { SHELLS, type Shell } from '../../base/quoting/shells.ts'
import { enumerate } from '../../base/text.ts'
import { findPlace, type ClientPlace, type PlaceFlags } from '../inputs/client-folder.ts'
import type { CommandSpec, Context } from '../command.ts'
import { usageError } from '../errors.ts'
import { addFolder, addJson, choice, once, oneOf } from '../command-line/options.ts'
import { SHELL_ALIASES, shellOf } from '../terminal/shell.ts'

interface EnvFlags extends PlaceFlags {
  readonly shell?: Shell
  readonly json?: true
}

async function runEnv(name: string | undefined, flags: EnvFlags, context: Context): Promise<void> {
  const { clientVariables, renderClientEnv } = await import('../../endpoint/client-env.ts')
  const { env } = context.io
  const place = await findPlace(name, flags, context)
  const data = clientVariables(place)
  if (flags.json === true) return context.answer({ data, text: '', warnings: await filesWarnings(place) }, flags)
  // The renderer refuses an unknown $SHELL.
  const text = renderClientEnv(place, flags.shell ?? (shellOf(env) as Shell))
  context.answer({ data, text, warnings: await filesWarnings(place) }, flags)
}

/** The lines may be for another machine, so missing files are no error. */
async function filesWarnings({ certPath }: ClientPlace): Promise<Sentence[]> {
  const { hasClientFiles } = await import('../../identity/client-folders.ts')
  if (await hasClientFiles(certPath)) return []
  const { filesRemedy } = await import('../../identity/credentials.ts')
  return [
    sentence`${certPath} does not have the three files on this machine, so no client can connect with these variables here. ${await filesRemedy(certPath)}`,
  ]
}

/** A shell by another name is refused with the value that has its syntax. */
function readShell(value: string, previous?: string): Shell {
  const accepted = SHELL_ALIASES.get(value)
  if (accepted === undefined) return oneOf('--shell', SHELLS)(value, previous)
  const todo = `Use  --shell ${accepted} , which has the same syntax.`
  throw usageError('the option --shell', `${value} is not one of its values`, todo)
}

function define(command: Command, context: Context): void {
  command.argument('[name]', 'a client in the folder that init created; without it, use --host')
  addFolder(command)
  command
    .addOption(
      choice('--shell <shell>', `${enumerate(SHELLS, 'or')} (default: by $SHELL)`, SHELLS).argParser(readShell),
    )
    .option('--host <host>', 'the daemon (default: DOCKER_HOST, then DOCKER_HOST_IP)', once('--host'))
    .option(
      '--cert-path <dir>',
      'the folder with ca.pem, cert.pem and key.pem (default: DOCKER_CERT_PATH, else ~/.docker)',
      once('--cert-path'),
    )
  addJson(command).action((name: string | undefined, flags: EnvFlags) => runEnv(name, flags, context))
}

export const clientEnv: CommandSpec = {
  description:
    'Prints the shell commands that set DOCKER_HOST, DOCKER_HOST_IP, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, and nothing ' +
    'else. Both the Docker CLI and docker-mtls read these variables.',
  examples: [
    [
      sentence`eval "$(${SELF} client env --host build01.example.com)"`,
      'bash, zsh, sh; the three files are in ~/.docker',
    ],
    [sentence`eval "$(${SELF} client env alice)"`, 'as alice, in the folder that contains ./docker-mtls'],
    [sentence`${SELF} client env alice --shell fish | source`, 'fish'],
    [sentence`${SELF} client env alice --shell powershell | Out-String | iex`, 'PowerShell'],
    [sentence`${SELF} client env --host build01 --shell dotenv > .env`, 'a .env file'],
  ],
  json: '{ DOCKER_TLS_VERIFY, DOCKER_HOST, DOCKER_HOST_IP, DOCKER_CERT_PATH }',
  define,
}
