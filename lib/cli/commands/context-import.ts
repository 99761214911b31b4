import { SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import { EndpointError, isDockerMtlsError, sentencesOf } from '../../base/errors.ts'
import type { CommandSpec, Context } from '../command.ts'
import { dockerConfig } from '../inputs/docker-config.ts'
import { usageError } from '../errors.ts'
import { readInput, readLimited } from '../inputs/input-file.ts'
import type { Io } from '../terminal/io.ts'
import { madeAnswer } from '../reports/created-context.ts'
import { addJson } from '../command-line/options.ts'

interface ImportFlags {
  readonly force?: true
  readonly json?: true
}

async function runImport(name: string, file: string, flags: ImportFlags, context: Context): Promise<void> {
  const { importContext } = await import('../../contexts/transfer.ts')
  const bytes = await readArchive(file, context.io)
  const options = { name, replace: flags.force === true }
  const made = await importContext(dockerConfig(context.io.env), bytes, options).catch((error: unknown) => {
    throw naming(file, error)
  })
  context.answer(madeAnswer(made, context), flags)
}

/** Adds the name of the file, which the reader of the archive doesn't know. */
function naming(file: string, error: unknown): unknown {
  if (!isDockerMtlsError(error, 'ERR_CONTEXT_ARCHIVE_INVALID')) return error
  const { tried: reading, got, todo } = sentencesOf(error)
  const tried = file === '-' ? sentence`${reading} on stdin` : sentence`${reading}, ${file}`
  return new EndpointError('ERR_CONTEXT_ARCHIVE_INVALID', { tried, got, todo, cause: error })
}

async function readArchive(file: string, io: Io): Promise<Buffer> {
  const { MAX_ARCHIVE_BYTES: maxBytes } = await import('../../contexts/archive.ts')
  if (file !== '-') return readInput(file, io, { what: 'the context', maxBytes, todo: NAME_FILE })
  if (io.stdin.isTTY !== true) return readLimited(io.stdin, io.signal, maxBytes)
  const todo = sentence`Name the file, or redirect it:  ${SELF} context import NAME - < FILE`
  throw usageError(sentence`${SELF} context import NAME -`, 'stdin is a terminal', todo)
}

const NAME_FILE = sentence`Name a file that  ${SELF} context export  or  docker context export  created.`

function define(command: Command, context: Context): void {
  command
    .argument('<name>', 'the name of the context here')
    .argument('<file>', 'the exported file, tar or zip; - for stdin')
    .option('--force', 'replace an existing context')
  addJson(command).action((name: string, file: string, flags: ImportFlags) => runImport(name, file, flags, context))
}

export const contextImport: CommandSpec = {
  description: sentence`Imports a context that  docker context export  or  ${SELF} context export  packed. It checks the whole archive, certificates and key included, before it writes anything: when docker's own import fails, it leaves a context without TLS.`,
  examples: [
    [
      sentence`${SELF} context import build01 build01.dockercontext`,
      'then delete the file, which contains a private key',
    ],
    [
      sentence`ssh ann@desk docker context export build01 - |\n    ${SELF} context import build01 -`,
      'without a file in between',
    ],
  ],
  json: '{ name, action, host, description, path, certPath, certificate, warnings };\naction is "created" or "replaced".',
  define,
}
