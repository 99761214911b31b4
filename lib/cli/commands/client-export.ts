import type { Command } from 'commander'
import { resolve } from 'node:path'
import type { CommandSpec, Context } from '../command.ts'
import { certificateData } from '../data.ts'
import { usageError } from '../errors.ts'
import { addFolder, addJson, DEFAULT_FOLDER, once } from '../options.ts'
import { pieceText } from '../piece.ts'
import { keyWords, until } from '../words.ts'

interface ExportFlags {
  readonly dir?: string
  readonly out: string
  readonly force?: true
  readonly json?: true
}

async function runExport(name: string, flags: ExportFlags, context: Context): Promise<void> {
  const { exportClient, packClient } = await import('../../provision/export.ts')
  const { dir = DEFAULT_FOLDER, out } = flags
  if (out === '-') {
    refuseTerminal(flags, context)
    const { archive, warnings } = await packClient(dir, name)
    context.answer({ data: {}, text: archive, warnings }, {})
    return
  }
  const { client, files, warnings } = await exportClient({ folder: dir, name, out, force: flags.force === true })
  const about = [`${files.join(', ')}: the client ${name}, ${keyWords(client)}, ${until(client.validTo)}`, CARE]
  const text = `${pieceText({ action: 'created', path: out, about }, context)}\n`
  context.answer(
    { data: { path: resolve(out), files, certificate: certificateData(client), warnings }, text, warnings },
    flags,
  )
}

const CARE = 'There is a key in it: send it on a way that nobody else reads, and delete it afterwards.'

function refuseTerminal({ json }: ExportFlags, { io }: Context): void {
  const where = 'docker-mtls client export --out -'
  const todo = 'Lead it elsewhere:  docker-mtls client export NAME --out - | ssh HOST tar -x -C .docker'
  if (json === true) throw usageError(where, 'stdout has the tar file, and no room for --json', todo)
  if (io.stdout.isTTY === true) throw usageError(where, 'stdout is a terminal', todo)
}

function define(command: Command, context: Context): void {
  command.argument('<name>', 'a client in the folder that init made')
  addFolder(command)
  command
    .requiredOption('--out <file>', 'the tar file; - for stdout', once('--out'))
    .option('--force', 'replace a file of that name')
  addJson(command).action((name: string, flags: ExportFlags) => runExport(name, flags, context))
}

export const clientExport: CommandSpec = {
  description:
    'Packs key.pem, cert.pem and ca.pem of a client, and nothing else, into a tar file that only ' +
    'you can read. The three are checked before: what no daemon would take is not handed out.',
  examples: [
    [
      'docker-mtls client export alice --out alice.tar',
      'there: mkdir -m 700 -p ~/.docker && tar -xf alice.tar -C ~/.docker',
    ],
    [
      "docker-mtls client export alice --out - |\n    ssh alice@laptop 'mkdir -m 700 -p .docker && tar -x -C .docker'",
      'without a file in between',
    ],
  ],
  json: '{ path, files, certificate, warnings }',
  define,
}
