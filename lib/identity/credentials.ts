import { promises as fs } from 'node:fs'
import { dirname, join } from 'node:path'
import { ArgumentError, IdentityError, isDockerMtlsError, sentencesOf } from '../base/errors.ts'
import { fileReason } from '../base/files.ts'
import { command, ours, sentence, type Sentence } from '../base/sentence.ts'
import { codeOf, isMissing } from '../base/system-error.ts'
import { enumerate } from '../base/text.ts'
import { notPem } from './pem.ts'

/** The three parts of an identity. */
export type Part = 'ca' | 'cert' | 'key'

/** The text of one part, and its name in errors: the path of a file, or `the option key`. */
export interface Source {
  readonly name: string
  readonly text: string
  /** Was it passed as a value instead of a file? */
  readonly isValue?: boolean
}

/** The texts of all three parts, read together. They include the private key, so they are passed on and never kept. */
export type Credentials = Readonly<Record<Part, Source>>

/** The state of the three files, to notice changes. */
export interface FilesState {
  readonly stamp: string
  /** When a file was last replaced, written or changed, in milliseconds. */
  readonly changedAt: number
  /** The permission bits of the key's file. */
  readonly keyMode: number
}

export const PARTS: readonly Part[] = ['ca', 'cert', 'key']

/** A chain of certificates has some kilobytes. The limit keeps a wrong path from filling the memory. */
const MAX_BYTES = 1_048_576

/** The path of a part below its folder: the names that Docker gives these files. */
function partPath(folder: string, part: Part): string {
  return join(folder, `${part}.pem`)
}

/**
 * Reads the state of the three files, without their contents. It follows links, so that a folder that is replaced by
 * changing a link, as Kubernetes does for secrets, is noticed by the inode numbers.
 */
export async function statFiles(folder: string): Promise<FilesState> {
  const stats = await allInOrder(PARTS.map((part) => statFile(folder, part)))
  const stamps = stats.map(({ dev, ino, size, mtimeNs, ctimeNs }) => [dev, ino, size, mtimeNs, ctimeNs].join(':'))
  return {
    stamp: stamps.join(' '),
    changedAt: Math.max(...stats.map(({ ctimeMs }) => Number(ctimeMs))),
    keyMode: Number(stats[2]?.mode ?? 0) & 0o777,
  }
}

/** Reads the three files of a folder. */
export async function readFiles(folder: string): Promise<Credentials> {
  const sources = PARTS.map(async (part): Promise<[Part, Source]> => {
    const path = partPath(folder, part)
    const bytes = await fs.readFile(path).catch((cause: unknown) => Promise.reject(unreadable(path, cause)))
    return [part, { name: path, text: decode(path, bytes) }]
  })
  return Object.fromEntries(await allInOrder(sources)) as Credentials
}

/** Takes the three parts as values. */
export function readValues(values: Partial<Record<Part, string | Uint8Array>>): Credentials {
  const sources = PARTS.map((part): [Part, Source] => {
    const value: unknown = values[part]
    const name = `the option ${part}`
    if (typeof value === 'string') return [part, { name, text: value, isValue: true }]
    if (value instanceof Uint8Array) return [part, { name, text: decode(name, value), isValue: true }]
    throw new ArgumentError('ERR_ARGUMENT_INVALID', {
      tried: `reading ${name}`,
      got: value === undefined ? 'it is missing' : `it is of type ${value === null ? 'null' : typeof value}`,
      todo: 'Pass ca, cert and key, each in PEM as a string or a Uint8Array.',
    })
  })
  return Object.fromEntries(sources) as Credentials
}

/** Waits for all. Of several failures, it reports the first one in this order, not in time. */
async function allInOrder<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}

async function statFile(folder: string, part: Part) {
  const path = partPath(folder, part)
  const stats = await fs.stat(path, { bigint: true }).catch(async (cause: unknown) => {
    throw await missing(folder, path, cause)
  })
  if (stats.isDirectory()) throw unreadable(path, undefined, 'it is a folder, not a file')
  // A pipe might never end, and can't be read twice.
  if (!stats.isFile()) throw unreadable(path, undefined, 'it is not a regular file')
  if (stats.size > MAX_BYTES) throw notPem(path, `it has ${stats.size} bytes, far more than any certificate or key`)
  return stats
}

/** The folder was mistyped, or the files were never copied. A new CA wouldn't help, since the daemon doesn't trust it. */
const NO_FILES: Sentence = sentence`Name the folder that holds ca.pem, cert.pem and key.pem. To export them on the machine with the CA:  ${ours('client', 'export', 'NAME', '--out', 'NAME.tar')}`

async function missing(folder: string, path: string, cause: unknown): Promise<IdentityError> {
  if (!isMissing(cause)) return unreadable(path, cause)
  const stats = await fs.stat(folder).catch(() => undefined)
  const isFile = stats !== undefined && !stats.isDirectory()
  const [tried, got] =
    stats === undefined
      ? [`reading the folder ${folder}`, 'there is no such folder']
      : isFile
        ? [`reading the folder ${folder}`, 'it is a file, not a folder']
        : [`reading ${path}`, 'there is no such file']
  const todo = await filesRemedy(folder, isFile)
  return new IdentityError('ERR_IDENTITY_FILE_MISSING', { tried, got, todo, cause })
}

/** What to do about a folder, or a file in its place, without the three files. */
export async function filesRemedy(folder: string, isFile = false): Promise<Sentence> {
  return (await folderMeant(isFile ? dirname(folder) : folder, isFile)) ?? NO_FILES
}

/** Names the folders of clients near a folder with a server's certificate, or with one for another purpose. */
export async function withClientFolders(folder: string, error: unknown): Promise<unknown> {
  if (!isDockerMtlsError(error, 'ERR_IDENTITY_PURPOSE') || !(error instanceof IdentityError)) return error
  const todo = await folderMeant(folder, false)
  if (todo === undefined) return error
  return new IdentityError('ERR_IDENTITY_PURPOSE', { ...sentencesOf(error), todo, cause: error })
}

/** Names the folder that contains the named file, or the folders of clients near the named folder. */
async function folderMeant(folder: string, isFile: boolean): Promise<Sentence | undefined> {
  const { clientFoldersNear, clientOf, hasClientFiles } = await import('./client-folders.ts')
  if (isFile && (await hasClientFiles(folder))) return `Name the folder that contains the file:  ${folder}`
  // The identity of another client is no replacement.
  const own = isFile ? undefined : await clientOf(folder)
  if (own !== undefined && !(await hasClientFiles(folder)))
    return sentence`Restore the file, or issue a new certificate for this client:  ${ours('cert', 'client', own.name, '--dir', own.root)}`
  const found = await clientFoldersNear(folder)
  if (found.length === 0) return undefined
  return `Name the folder of ${found.length === 1 ? 'the' : 'a'} client:  ${enumerate(found, 'or')}`
}

function unreadable(path: string, cause: unknown, got?: string): IdentityError {
  const denied = ['EACCES', 'EPERM'].includes(codeOf(cause))
  return new IdentityError('ERR_IDENTITY_FILE_UNREADABLE', {
    tried: `reading ${path}`,
    got:
      got ??
      (denied ? 'this user may not read it' : cause instanceof Error ? fileReason(cause) : 'it could not be read'),
    todo: denied
      ? sentence`Make the user who connects its owner:  ${command('chown', 'USER', path)}`
      : 'Replace it by a regular file that this user can read.',
    cause,
  })
}

function decode(name: string, bytes: Uint8Array): string {
  // PowerShell 5's `>` and some editors write it: FF FE (or FE FF) first, or every second byte 0.
  const [first = 0, second = 0] = bytes
  if ((first >= 0xfe && second >= 0xfe && first !== second) || (first === 0x2d && second === 0)) {
    throw notPem(name, 'it is UTF-16 text, and PEM is ASCII')
  }
  return new TextDecoder().decode(bytes)
}
