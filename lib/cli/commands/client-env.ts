import { SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { Shell } from '../../base/quoting/shells.ts'
import { findPlace, type PlaceFlags } from '../inputs/client-folder.ts'
import type { CommandSpec, Context } from '../command.ts'
import { usageError } from '../errors.ts'
import { addFolder, once } from '../command-line/options.ts'
import { SHELL_ALIASES, shellOf } from '../terminal/shell.ts'

interface EnvFlags extends PlaceFlags {
  readonly shell?: string
}

async function runEnv(name: string | undefined, flags: EnvFlags, context: Context): Promise<void> {
  const { renderClientEnv } = await import('../../endpoint/client-env.ts')
  const { env } = context.io
  const place = await findPlace(name, flags, context)
  const accepted = SHELL_ALIASES.get(flags.shell ?? '')
  if (accepted !== undefined) {
    const todo = `Use  --shell ${accepted} , which has the same syntax.`
    throw usageError('the option --shell', `${flags.shell} is not one of its values`, todo)
  }
  // The renderer refuses unknown shells.
  const text = renderClientEnv(place, (flags.shell ?? shellOf(env)) as Shell)
  context.answer({ data: place, text }, {})
}

function define(command: Command, context: Context): void {
  command.argument('[name]', 'a client in the folder that init created; without it, use --host')
  addFolder(command)
  command
    .option('--shell <shell>', 'bash, zsh, sh, fish, powershell, cmd or dotenv (default: by $SHELL)', once('--shell'))
    .option('--host <host>', 'the daemon (default: DOCKER_HOST, then DOCKER_HOST_IP)', once('--host'))
    .option(
      '--cert-path <dir>',
      'the folder with ca.pem, cert.pem and key.pem (default: DOCKER_CERT_PATH, else ~/.docker)',
      once('--cert-path'),
    )
    .action((name: string | undefined, flags: EnvFlags) => runEnv(name, flags, context))
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
  define,
}
