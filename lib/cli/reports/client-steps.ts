import { join } from 'node:path'
import type { Context } from '../command.ts'
import { folderFlags } from '../command-line/options.ts'
import { shellWord } from '../../base/quoting/posix.ts'
import { wrap } from '../../base/wrap.ts'
import { selfOf } from '../terminal/self.ts'

/** A client whose key is here. */
export interface ClientHere {
  readonly name: string
  /** The folder of its three files. */
  readonly folder: string
  /** The folder of all keys and certificates. */
  readonly dir: string
  /** The daemon, as far as it is known. */
  readonly host?: string | undefined
  /** Does a `.env` beside its files name the daemon? */
  readonly hasEnv: boolean
}

/** How to use a client from here, and from another machine. */
export function clientSteps(client: ClientHere, context: Context): string {
  return [testStep(client, context), ...shellStep(client, context), exportStep(client, context)].join('\n\n')
}

/** Connects from here as the client. */
export function testStep(client: ClientHere, context: Context): string {
  const { name, folder, hasEnv, host = 'SERVER' } = client
  const daemon = hasEnv
    ? `--dotenv ${shellWord(join(folder, '.env'))}`
    : `--host ${shellWord(host)} --cert-path ${shellWord(folder)}`
  return step(`To test it from here, as ${name}:`, `${selfFor(context)} ping ${daemon}`, context)
}

/** Not behind sudo: the user's own shell can't read the files of root. */
function shellStep({ name, dir, hasEnv, host = 'SERVER' }: ClientHere, context: Context): string[] {
  if (isSudo(context)) return []
  const daemon = hasEnv ? '' : ` --host ${shellWord(host)}`
  const line = `eval "$(${selfOf(context.io.env)} client env ${name}${dirFlag(dir)}${daemon})"`
  return [step('To use it in this shell:', line, context)]
}

/** Packs the files for another machine. */
export function exportStep({ name, dir }: ClientHere, context: Context): string {
  const line = `${selfFor(context)} client export ${name}${dirFlag(dir)} --out ${name}.tar`
  return step(`To use it as ${name} on another machine, run here:`, line, context)
}

function step(heading: string, line: string, { paint, width }: Context): string {
  return `${paint('bold', wrap(heading, width))}\n  ${line}`
}

/** Behind sudo the files are root's, and nobody else can enter their folder. */
function selfFor(context: Context): string {
  return `${isSudo(context) ? 'sudo ' : ''}${selfOf(context.io.env)}`
}

function isSudo({ io }: Context): boolean {
  return io.env['SUDO_USER'] !== undefined
}

function dirFlag(dir: string): string {
  return folderFlags(dir)
    .map((word) => ` ${shellWord(word)}`)
    .join('')
}
