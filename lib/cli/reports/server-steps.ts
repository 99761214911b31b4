import { basename } from 'node:path'
import { ours } from '../../base/sentence.ts'
import type { Context } from '../command.ts'
import { folderFlags } from '../command-line/options.ts'
import { shellWord } from '../../base/quoting/posix.ts'

/** A server that needs its new files. */
export interface ServerToServe {
  /** The folder of all keys and certificates. */
  readonly dir: string
  /** The folder of its files. */
  readonly folder: string
  /** Which of several servers that `setup` created; absent: the one of `init`. */
  readonly host?: string | undefined
  /** Is there a one-day client certificate beside its files? */
  readonly probe: boolean
  /** The revocation lists that a gateway needs with these files. */
  readonly lists?: string | undefined
}

/** The folder doesn't know whether it has a gateway. */
const INSTEAD = '    # instead, if it has a gateway'

/** How to install new files on a server: a heading without a colon, and commands. */
export async function serverSteps(
  { dir, folder, host, probe, lists }: ServerToServe,
  context: Context,
): Promise<{ readonly heading: string; readonly commands: readonly string[] }> {
  const typed = (...words: readonly string[]): string => context.typed([ours(...words)])
  if (host !== undefined) {
    const heading = `for ${host}, run setup again, as before`
    const { setupWords } = await import('../../keystore/setup-record.ts')
    const known = await setupWords(dir, host)
    if (known !== undefined) return { heading, commands: [typed(...known, ...folderFlags(dir))] }
    const words = [`ssh://USER@${host}`, ...folderFlags(dir)]
    return { heading, commands: [typed('setup', ...words), `${typed('setup', '--gateway', ...words)}${INSTEAD}`] }
  }
  const words = ['apply', '--from', basename(folder), ...(probe ? [] : ['--no-client-proof'])]
  const crl = lists === undefined ? [] : ['--crl', basename(lists)]
  const besides = lists === undefined ? '' : `, and for a gateway of ${shellWord(lists)}`
  return {
    heading: `on the server, as root, with a copy of ${shellWord(folder)}${besides}`,
    commands: [typed('daemon', ...words), `${typed('gateway', ...words, ...crl)}${INSTEAD}`],
  }
}
