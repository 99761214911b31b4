import type { Command } from 'commander'
import type { Context } from '../command.ts'
import { usageError } from '../errors.ts'
import { once } from '../command-line/options.ts'
import { readSecretFile } from '../terminal/passphrase.ts'

export interface ProxyFlags {
  readonly proxy?: string
  readonly proxyPasswordFile?: string
}

export function addProxyOptions(command: Command): Command {
  return command
    .option('--proxy <url>', 'the HTTP proxy to connect through: http://[USER@]PROXY:PORT', once('--proxy'))
    .option('--proxy-password-file <file>', 'a file with the password of USER', once('--proxy-password-file'))
}

/** The URL for the library. Every user of a machine can read its command lines, so the password comes from a file. */
export async function proxyOption(
  { proxy, proxyPasswordFile: file }: ProxyFlags,
  warn: Context['warn'],
): Promise<{ proxy?: string }> {
  if (proxy === undefined) {
    if (file === undefined) return {}
    throw usageError('the option --proxy-password-file', '--proxy is missing', 'Give both.')
  }
  const user = /^[a-z]+:\/\/(.*)@/i.exec(proxy)?.[1]
  if (user?.includes(':') === true) {
    const todo = 'Write it into a file:  --proxy http://USER@PROXY:PORT --proxy-password-file FILE'
    throw usageError('the option --proxy', 'it contains a password, which every user of this machine can read', todo)
  }
  if (file === undefined) return { proxy }
  if (user === undefined) {
    throw usageError(
      'the option --proxy-password-file',
      '--proxy has no user name',
      'Write --proxy http://USER@PROXY:PORT.',
    )
  }
  const password = encodeURIComponent(await readSecretFile(file, warn, 'password'))
  return { proxy: proxy.replace(`${user}@`, () => `${user}:${password}@`) }
}
