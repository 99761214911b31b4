import { readFile, stat } from 'node:fs/promises'
import { FileError } from '../../base/errors.ts'
import { readFault } from '../../base/files.ts'
import { parsePolicy } from '../../policy/file/parse.ts'
import type { GatewayChange } from '../options.ts'

/** The files that a gateway follows. */
export interface GatewayFiles {
  /** Certificate, key, and the CAs of the clients. A local socket has none. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string } | undefined
  /** Revocation lists: none, or those of all CAs together. */
  readonly crl: readonly string[]
  /** The policy. */
  readonly policy: string
}

/** What is read, and used, together. */
export interface Part {
  readonly name: 'revocation lists' | 'certificates' | 'policy'
  readonly paths: readonly string[]
  /** What the gateway gets for the texts of the files. */
  readonly parse: (texts: readonly string[]) => GatewayChange
}

/** In the order in which they are used: the CAs of new certificates need their lists. */
export function partsOf({ tls, crl, policy }: GatewayFiles): Part[] {
  const lists: Part = { name: 'revocation lists', paths: crl, parse: (texts) => ({ crl: texts.join('\n') }) }
  const certificates: Part = {
    name: 'certificates',
    paths: tls ? [tls.ca, tls.cert, tls.key] : [],
    parse: ([ca = '', cert = '', key = '']) => ({ tls: { ca, cert, key } }),
  }
  const rules: Part = {
    name: 'policy',
    paths: [policy],
    parse: ([text = '']) => ({ policy: parsePolicy(text, policy) }),
  }
  return [lists, certificates, rules].filter(({ paths }) => paths.length > 0)
}

/** The texts of files, and what tells that they have changed. */
export interface Reading {
  readonly texts: readonly string[]
  readonly stamp: string
  /** The newest change of a file, in milliseconds since 1970. */
  readonly changedAt: number
}

/** @throws {@link FileError} ERR_FILE_READ */
export async function readPart({ name, paths }: Part): Promise<Reading> {
  const state = await stampOf(paths)
  return { ...state, texts: await Promise.all(paths.map((path) => readText(path, name))) }
}

/** A missing file has a stamp, too. */
export async function stampOf(paths: readonly string[]): Promise<Omit<Reading, 'texts'>> {
  const found = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)))
  return {
    stamp: found
      .map((one) => (one ? [one.dev, one.ino, one.size, one.mtimeMs, one.ctimeMs].join(' ') : '-'))
      .join('\n'),
    changedAt: Math.max(0, ...found.map((one) => Math.max(one?.mtimeMs ?? 0, one?.ctimeMs ?? 0))),
  }
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new FileError('ERR_FILE_READ', {
      tried: `reading the ${what} of the gateway from ${path}`,
      got: readFault(cause),
      todo: 'Name an existing file that you can read.',
      cause,
    })
  }
}
