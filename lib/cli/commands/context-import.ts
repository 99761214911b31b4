import { SELF, sentence } from '../../base/sentence.ts'
import { promises as fs } from 'node:fs'
import type { Command } from 'commander'
import { EndpointError, FileError, isDockerMtlsError, sentencesOf } from '../../base/errors.ts'
import { readFault } from '../../base/files.ts'
import type { CommandSpec, Context } from '../command.ts'
import { dockerConfig } from '../inputs/docker-config.ts'
import { usageError } from '../errors.ts'
import type { Input } from '../terminal/io.ts'
import { madeAnswer } from '../reports/created-context.ts'
import { addJson } from '../command-line/options.ts'

interface ImportFlags {
  readonly force?: true
  readonly json?: true
}

async function runImport(name: string, file: string, flags: ImportFlags, context: Context): Promise<void> {
  const { importContext } = await import('../../contexts/transfer.ts')
  const { env, stdin } = context.io
  const bytes = file === '-' ? await readInput(stdin) : await readArchive(file)
  const options = { name, replace: flags.force === true }
  const made = await importContext(dockerConfig(env), bytes, options).catch((error: unknown) => {
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

/** Stops once the input is larger than any context. */
async function readInput(stdin: Input): Promise<Buffer> {
  if (stdin.isTTY === true) {
    const todo = sentence`Name the file, or redirect it:  ${SELF} context import NAME - < FILE`
    throw usageError(sentence`${SELF} context import NAME -`, 'stdin is a terminal', todo)
  }
  const { MAX_ARCHIVE_BYTES } = await import('../../contexts/archive.ts')
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    if ((size += chunk.length) > MAX_ARCHIVE_BYTES) break
  }
  return Buffer.concat(chunks)
}

async function readArchive(path: string): Promise<Buffer> {
  const { MAX_ARCHIVE_BYTES } = await import('../../contexts/archive.ts')
  try {
    const { size } = await fs.stat(path)
    if (size > MAX_ARCHIVE_BYTES) throw new Error(`it has ${size} bytes, more than any context`)
    return await fs.readFile(path)
  } catch (cause) {
    throw new FileError('ERR_FILE_READ', {
      tried: `reading ${path}`,
      got: readFault(cause),
      todo: sentence`Name a file that  ${SELF} context export  or  docker context export  created.`,
      cause,
    })
  }
}

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
