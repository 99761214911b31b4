import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ArgumentError, BuildError } from '../../../base/errors.ts'
import { isMissing } from '../../../base/system-error.ts'
import { causeInWords } from './faults.ts'

/** The value of a secret, or its source: a file, or an environment variable of this process. */
export type BuildSecret =
  | string
  | Uint8Array
  | {
      /** The path of a file on this machine. */
      readonly file: string
    }
  | {
      /** The name of an environment variable of this process. */
      readonly env: string
    }

/** Secrets by their ids in `RUN --mount=type=secret,id=...`. */
export type BuildSecrets = Readonly<Record<string, BuildSecret>>

/** buildkit, secretsprovider.MaxSecretSize. In bytes. */
const LARGEST = 500 * 1024

type Source = { readonly bytes: Uint8Array } | { readonly file: string }

/** The secrets of one build. They are never printed. A file is read when the daemon requests its secret. */
export class SecretStore {
  readonly #sources: ReadonlyMap<string, Source>

  private constructor(sources: ReadonlyMap<string, Source>) {
    this.#sources = sources
  }

  /**
   * Checks secrets before anything is sent.
   *
   * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID
   * @throws {@link BuildError} ERR_BUILD_SECRET_INVALID for a variable or file that doesn't exist, and for a secret
   *   that is too long
   */
  static async load(secrets: BuildSecrets): Promise<SecretStore> {
    const sources = new Map<string, Source>()
    for (const [id, secret] of Object.entries(secrets)) {
      const source = sourceOf(id, secret)
      const size = 'file' in source ? await sizeOf(id, source.file) : source.bytes.length
      if (size > LARGEST) throw tooLong(id)
      sources.set(id, source)
    }
    return new SecretStore(sources)
  }

  /** The value of a secret; undefined if the build has none with this id. */
  async get(id: string): Promise<Uint8Array | undefined> {
    const source = this.#sources.get(id)
    if (source === undefined) return undefined
    const bytes = 'file' in source ? await read(id, source.file) : source.bytes
    if (bytes.length > LARGEST) throw tooLong(id)
    return bytes
  }
}

function sourceOf(id: string, secret: BuildSecret): Source {
  if (typeof secret === 'string') return { bytes: Buffer.from(secret) }
  if (secret instanceof Uint8Array) return { bytes: secret }
  const given: Readonly<Record<string, unknown>> = { ...(secret as object | undefined) }
  const [[kind, place] = [], ...others] = Object.entries(given)
  if (others.length === 0 && typeof place === 'string' && place !== '') {
    if (kind === 'file') return { file: place }
    if (kind === 'env') return { bytes: variable(id, place) }
  }
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `reading the build secret ${JSON.stringify(id)}`,
    got: 'it is not a string, bytes, { file } or { env }',
    todo: "Pass its value, { file: '/path' } or { env: 'NAME' }.",
  })
}

function variable(id: string, name: string): Uint8Array {
  const value = process.env[name]
  if (value !== undefined) return Buffer.from(value)
  throw unusable(id, `the environment variable ${name} is not set`, 'Set it, or pass the value itself.')
}

async function sizeOf(id: string, file: string): Promise<number> {
  const stats = await stat(file).catch((cause: unknown) => {
    throw unreadable(id, file, cause)
  })
  if (stats.isFile()) return stats.size
  throw unusable(id, `${file} is not a file`, 'Pass the path of a file.')
}

async function read(id: string, file: string): Promise<Uint8Array> {
  return readFile(file).catch((cause: unknown) => {
    throw unreadable(id, file, cause)
  })
}

function unreadable(id: string, file: string, cause: unknown): BuildError {
  if (isMissing(cause)) return unusable(id, `there is no ${resolve(file)}`, 'Correct its path.', cause)
  return unusable(id, `${file} can't be read: ${causeInWords(cause)}`, 'Correct its permissions.', cause)
}

function tooLong(id: string): BuildError {
  return unusable(id, `it is longer than ${LARGEST} bytes, the limit of BuildKit`, 'Shorten it.')
}

function unusable(id: string, got: string, todo: string, cause?: unknown): BuildError {
  return new BuildError('ERR_BUILD_SECRET_INVALID', {
    tried: `reading the build secret ${JSON.stringify(id)}`,
    got,
    todo,
    cause,
  })
}
