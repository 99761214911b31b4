import { SELF, sentence } from '../../base/sentence.ts'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { CommandSpec, Context } from '../command.ts'
import { dockerConfig } from '../inputs/docker-config.ts'
import { usageError } from '../errors.ts'
import { addJson } from '../command-line/options.ts'
import { pieceText } from '../reports/certificate.ts'

interface ExportFlags {
  readonly force?: true
  readonly json?: true
}

const CARE = 'There is a key in it: send it on a way that nobody else reads, and delete it afterwards.'

async function runExport(name: string, file: string | undefined, flags: ExportFlags, context: Context): Promise<void> {
  const { exportContext } = await import('../../contexts/transfer.ts')
  const out = file ?? `${name}.dockercontext`
  if (out === '-') refuseTerminal(flags, context)
  const { host, archive, identity, warnings } = await exportContext(dockerConfig(context.io.env), name)
  const care = identity === undefined ? [] : [CARE]
  if (out === '-') {
    context.answer({ data: {}, text: archive, warnings: [...care, ...warnings] }, {})
    return
  }
  const { writeSecretFile } = await import('../../base/secret-file.ts')
  await writeSecretFile(out, archive, { replace: flags.force === true, name: `${name}.dockercontext` })
  const text = `${pieceText({ action: 'created', path: out, about: [`${name}: ${host}`, ...care] }, context)}\n`
  const data = { path: resolve(out), name, host, holdsKey: identity !== undefined, warnings }
  context.answer({ data, text, warnings }, flags)
}

function refuseTerminal({ json }: ExportFlags, { io }: Context): void {
  const where = sentence`${SELF} context export NAME -`
  const todo = sentence`Lead it elsewhere:  ${SELF} context export NAME - | ssh HOST docker context import NAME -`
  if (json === true) throw usageError(where, 'stdout has the tar file, and no room for --json', todo)
  if (io.stdout.isTTY === true) throw usageError(where, 'stdout is a terminal', todo)
}

function define(command: Command, context: Context): void {
  command
    .argument('<name>', 'a context')
    .argument('[file]', 'the tar file; - for stdout (default: NAME.dockercontext)')
    .option('--force', 'replace a file of that name')
  addJson(command).action((name: string, file: string | undefined, flags: ExportFlags) =>
    runExport(name, file, flags, context),
  )
}

export const contextExport: CommandSpec = {
  description:
    'Packs a context with its certificates and its key into a tar file that only you can read, as  docker context export  ' +
    'does, and whole: the one of docker has no end, which tar complains about. The context is checked before: what would ' +
    'be refused here is not handed out.',
  examples: [
    [sentence`${SELF} context export build01`, 'makes build01.dockercontext'],
    [
      sentence`${SELF} context export build01 - |\n    ssh ann@laptop docker context import build01 -`,
      'without a file in between',
    ],
  ],
  json: '{ path, name, host, holdsKey, warnings }',
  define,
}
