import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { ProvisionError } from '../../base/errors.ts'
import { shellFile } from '../../base/shell-file.ts'
import { addEntry, packTar } from '../../engine/stream/tar.ts'
import type { FactCall } from '../../host/facts-script.ts'
import { COPY_LIMITS } from '../../host/run-limits.ts'
import { assignments, hereDocument, shellFunction, shellProgram } from '../../host/script.ts'
import { stderrSummary, type HostShell } from '../../host/shell.ts'
import { packageFiles, packageOf, type PackageFile } from './package-files.ts'

const DIGEST_SH: string = shellFile(new URL('./digest.sh', import.meta.url))
const COPY_SH: string = shellFile(new URL('./copy.sh', import.meta.url))

/** The folder on a host with the copies of docker-mtls. Only root writes to it, and everybody can read it. */
export const COPIES = '/usr/local/lib/docker-mtls'

/** The running docker-mtls, ready to be copied to hosts. */
export interface ProgramCopy {
  readonly version: string
  /** Its place on a host. Its name has the version and the digest, so that no copy ever takes the place of another one. */
  readonly folder: string
  /** The script to run, on a host. */
  readonly script: string
  /** SHA-256 of the names and contents of its files. */
  readonly digest: string
  /** The size of its files. */
  readonly bytes: number
  /** A compressed tar of the files. The same for all hosts. */
  readonly archive: () => Promise<Buffer>
}

/**
 * Reads the running docker-mtls, with everything that it needs.
 *
 * @param script - the path of the running script, without links
 * @returns undefined if it runs from its sources
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function readProgram(script: string): Promise<ProgramCopy | undefined> {
  const found = await packageOf(script)
  if (found === undefined) return undefined
  const files = await packageFiles(found.root)
  const digest = digestOf(files)
  const folder = posix.join(COPIES, `${found.version}-${digest.slice(0, 12)}`)
  let archive: Promise<Buffer> | undefined
  return {
    version: found.version,
    folder,
    script: posix.join(folder, script.slice(found.root.length)),
    digest,
    bytes: files.reduce((sum, { bytes }) => sum + bytes.length, 0),
    archive: () => (archive ??= archiveOf(files)),
  }
}

/** The same as `digest_of` in digest.sh: the sum of the lines that sha256sum(1) prints. */
function digestOf(files: readonly PackageFile[]): string {
  const lines = files.map(({ path, bytes }) => `${sha256(bytes)}  ./${path}\n`)
  return sha256(lines.toSorted().join(''))
}

function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex')
}

async function archiveOf(files: readonly PackageFile[]): Promise<Buffer> {
  const tar = packTar(async (pack) => {
    for (const { path: name, bytes: content } of files)
      await addEntry(pack, { name, type: 'file', mode: 0o644, size: content.length, mtime: new Date(0) }, [content])
  })
  return promisify(gzip)(await buffer(tar), { level: 9 })
}

/** The fact `gateway-copy`: the digest of the copy on a host; empty if there is none that can be used. */
export function copyQuestion({ folder }: ProgramCopy): FactCall {
  return ['said', 'gateway-copy', 'sh', '-c', `${DIGEST_SH}\ndigest_of "$1"`, 'sh', folder]
}

/**
 * Copies docker-mtls to a host. If that fails or is cut off, no part of it is in its place.
 *
 * @throws {@link ProvisionError} ERR_HOST_COMMAND_FAILED
 */
export async function copyProgram(
  program: ProgramCopy,
  shell: HostShell,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { folder, digest } = program
  const lines = (await program.archive()).toString('base64').replaceAll(/.{1,76}/g, '$&\n')
  const script = shellProgram(
    assignments({ root: COPIES, folder, digest }),
    shellFunction('archive', [`cat ${hereDocument(lines)}`]),
    DIGEST_SH,
    COPY_SH,
  )
  const ran = await shell.run(script, { limits: COPY_LIMITS, signal })
  if (ran.code === 0) return
  throw new ProvisionError('ERR_HOST_COMMAND_FAILED', {
    tried: `copying docker-mtls to ${folder} on ${shell.name}`,
    got: stderrSummary(ran),
    todo: 'Make sure that root can write there, and that the disk has space. Nothing else was changed.',
  })
}
