import { SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { Shell } from '../../base/shells.ts'
import { findPlace, type PlaceFlags } from '../inputs/client-folder.ts'
import type { CommandSpec, Context } from '../command.ts'
import { usageError } from '../errors.ts'
import { addFolder, once } from '../command-line/options.ts'
import { OUR_NAME, shellOf } from '../terminal/shell.ts'

interface EnvFlags extends PlaceFlags {
  readonly shell?: string
}

async function runEnv(name: string | undefined, flags: EnvFlags, context: Context): Promise<void> {
  const { renderClientEnv } = await import('../../endpoint/client-env.ts')
  const { env } = context.io
  const place = await findPlace(name, flags, env)
  const ours = OUR_NAME.get(flags.shell ?? '')
  if (ours !== undefined) {
    const todo = `Its lines are those of  --shell ${ours}`
    throw usageError('the option --shell', `there is no ${flags.shell} among the shells`, todo)
  }
  // What no shell of ours is called, the renderer refuses.
  const text = renderClientEnv(place, (flags.shell ?? shellOf(env)) as Shell)
  context.answer({ data: place, text }, {})
}

function define(command: Command, context: Context): void {
  command.argument('[name]', 'a client in the folder that init made; without one: --host')
  addFolder(command)
  command
    .option('--shell <shell>', 'bash, zsh, sh, fish, powershell, cmd or dotenv (default: by $SHELL)', once('--shell'))
    .option('--host <host>', 'the daemon (default: DOCKER_HOST, then DOCKER_HOST_IP)', once('--host'))
    .option(
      '--cert-path <dir>',
      'the folder of ca.pem, cert.pem and key.pem (default: DOCKER_CERT_PATH, else ~/.docker)',
      once('--cert-path'),
    )
    .action((name: string | undefined, flags: EnvFlags) => runEnv(name, flags, context))
}

export const clientEnv: CommandSpec = {
  description:
    'Prints the lines that set DOCKER_HOST, DOCKER_HOST_IP, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH ' +
    'in your shell, and nothing else. Docker CLI and this package read them alike.',
  examples: [
    [
      sentence`eval "$(${SELF} client env --host build01.example.com)"`,
      'bash, zsh, sh; the three files are in ~/.docker',
    ],
    [sentence`eval "$(${SELF} client env alice)"`, 'as alice, in the folder where ./docker-mtls is'],
    [sentence`${SELF} client env alice --shell fish | source`, 'fish'],
    [sentence`${SELF} client env alice --shell powershell | Out-String | iex`, 'PowerShell'],
    [sentence`${SELF} client env --host build01 --shell dotenv > .env`, 'a .env file'],
  ],
  define,
}
