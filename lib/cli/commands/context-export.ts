import { SELF, sentence, sentencesIn } from '../../base/sentence.ts'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { CommandSpec, Context } from '../command.ts'
import { dockerConfig } from '../inputs/docker-config.ts'
import { addJson } from '../command-line/options.ts'
import { KEY_CARE, summaryText } from '../reports/summary.ts'
import { requireFreeStdout } from '../terminal/free-stdout.ts'

interface ExportFlags {
  readonly force?: true
  readonly json?: true
}

async function runExport(name: string, file: string | undefined, flags: ExportFlags, context: Context): Promise<void> {
  const { exportContext } = await import('../../contexts/transfer.ts')
  const out = file ?? `${name}.dockercontext`
  if (out === '-') refuseTerminal(flags, context)
  const { host, archive, identity, warnings } = await exportContext(dockerConfig(context.io.env), name)
  const care = identity === undefined ? [] : [KEY_CARE]
  if (out === '-') {
    context.answer({ data: {}, text: archive, warnings: [...care, ...sentencesIn(warnings)] }, {})
    return
  }
  const { writeSecretFile } = await import('../../base/secret-file.ts')
  await writeSecretFile(out, archive, { replace: flags.force === true, name: `${name}.dockercontext` })
  const text = `${summaryText({ action: 'created', path: out, about: [`${name}: ${host}`, ...care] }, context)}\n`
  const data = { path: resolve(out), name, host, holdsKey: identity !== undefined, warnings }
  context.answer({ data, text, warnings: sentencesIn(warnings) }, flags)
}

function refuseTerminal(flags: ExportFlags, { io }: Context): void {
  const todo = sentence`Redirect it:  ${SELF} context export NAME - | ssh HOST docker context import NAME -`
  requireFreeStdout(flags, io, sentence`${SELF} context export NAME -`, todo)
}

function define(command: Command, context: Context): void {
  command
    .argument('<name>', 'the context to export')
    .argument('[file]', 'the tar file to write; - for stdout (default: NAME.dockercontext)')
    .option('--force', 'replace an existing file')
  addJson(command).action((name: string, file: string | undefined, flags: ExportFlags) =>
    runExport(name, file, flags, context),
  )
}

export const contextExport: CommandSpec = {
  description:
    'Packs a context with its certificates and key into a tar file that only you can read, in the format of  docker ' +
    'context export . The context is checked first: one that docker-mtls would refuse is not exported. Unlike the file of ' +
    "docker's own export, this one is a complete tar archive.",
  examples: [
    [sentence`${SELF} context export build01`, 'writes build01.dockercontext'],
    [
      sentence`${SELF} context export build01 - |\n    ssh ann@laptop docker context import build01 -`,
      'without a file in between',
    ],
  ],
  json: '{ path, name, host, holdsKey, warnings }',
  define,
}
