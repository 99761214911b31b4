import { buffer } from 'node:stream/consumers'
import { pack } from 'tar-stream'
import { ours, sentence } from '../../base/sentence.ts'
import { PkiError } from '../../base/errors.ts'
import { KEY_MODE } from '../../base/files.ts'
import { loadIdentity, type Identity } from '../../identity/identity.ts'
import { exportPkcs12 } from '../../pki/pkcs12.ts'
import { PkiFolder } from '../folder.ts'
import type { CertificateFacts } from '../../identity/certificate.ts'
import type { ClientFiles } from '../list.ts'
import { caPaths, clientPaths } from '../layout.ts'
import { isFromCurrentCa } from '../rotate/cas.ts'
import { writeSecretFile } from '../../base/secret-file.ts'

/** Options of {@link exportClient}. */
export interface ExportOptions {
  /** The folder that `init` created. */
  readonly folder: string
  readonly name: string
  /** The tar file. */
  readonly out: string
  /** Replaces an existing file. @defaultValue false */
  readonly force?: boolean
}

/** The written file. */
export interface ExportReport {
  readonly path: string
  readonly files: readonly string[]
  readonly client: CertificateFacts
  /** Warnings: sentences. */
  readonly warnings: readonly string[]
}

/**
 * Packs a client's three files, and nothing else, into a tar file of mode 0600. They are checked first: files that no
 * daemon would accept are not exported.
 *
 * @throws {@link PkiError} ERR_CLIENT_NOT_FOUND, ERR_CLIENT_KEY_ELSEWHERE, ERR_PKI_FILE_INVALID, ERR_NAME_INVALID
 * @throws {@link IdentityError} for files that don't match, or have expired
 * @throws {@link FileError} ERR_FILE_EXISTS, ERR_FILE_READ, ERR_FILE_WRITE
 * @example
 * ```ts
 * await exportClient({ folder: 'docker-mtls', name: 'alice', out: 'alice.tar' })
 * ```
 */
export async function exportClient({ folder, name, out, force = false }: ExportOptions): Promise<ExportReport> {
  const { archive, ...report } = await packClient(folder, name)
  await writeSecretFile(out, archive, { replace: force, name: `${name}.tar` })
  return { path: out, ...report }
}

/** The same, in memory. The archive contains the key. */
export async function packClient(
  folder: string,
  name: string,
): Promise<Omit<ExportReport, 'path'> & { readonly archive: Buffer }> {
  const { key, cert, ca, client, warnings } = await readChecked(folder, name)
  const files = { 'key.pem': key, 'cert.pem': cert, 'ca.pem': ca }
  return { archive: await tar(files), files: Object.keys(files), client, warnings }
}

/** Options of {@link exportClientP12}. */
export interface P12Options extends ExportOptions {
  /** Encrypts the whole file. */
  readonly passphrase: string
}

/** The written PKCS#12 file. */
export type P12Report = Omit<ExportReport, 'files'>

/**
 * Packs the same files into one encrypted PKCS#12 file of mode 0600, for tools that need it.
 *
 * @throws the errors of {@link exportClient}
 * @throws {@link PkiError} ERR_PKCS12_PASSPHRASE
 */
export async function exportClientP12({
  folder,
  name,
  out,
  force = false,
  passphrase,
}: P12Options): Promise<P12Report> {
  const { p12, ...report } = await packClientP12(folder, name, passphrase)
  await writeSecretFile(out, p12, { replace: force, name: `${name}.p12` })
  return { path: out, ...report }
}

/** The same, in memory. */
export async function packClientP12(
  folder: string,
  name: string,
  passphrase: string,
): Promise<Omit<P12Report, 'path'> & { readonly p12: Buffer }> {
  const { ca, cert, key, client, warnings } = await readChecked(folder, name)
  return { p12: await exportPkcs12({ ca, cert, key, passphrase, name }), client, warnings }
}

/** Reads a client's files and checks them: files that no daemon would accept are not exported. */
export async function readChecked(
  folder: string,
  name: string,
): Promise<ClientFiles & Pick<ExportReport, 'client' | 'warnings'>> {
  const files = await new PkiFolder(folder).readClient(name)
  const { client, warnings } = await checked(files, clientPaths(folder, name).folder)
  if (!(await isFromCurrentCa(folder, files.cert))) throw ofReplacedCa(folder, name, client)
  return { ...files, client, warnings }
}

function ofReplacedCa(folder: string, name: string, { issuer }: CertificateFacts): PkiError {
  return new PkiError('ERR_PKI_FILE_INVALID', {
    tried: `exporting the client ${name}`,
    got: `its certificate was issued by ${issuer}, not by the current CA in ${caPaths(folder).folder}`,
    todo: sentence`Issue it again:  ${ours('cert', 'client', name, '--dir', folder, '--force')}`,
  })
}

/** Checks the bytes that are packed. If they fail, checks the files again, so that the error names them. */
async function checked(files: ClientFiles, path: string): Promise<Identity> {
  try {
    return await loadIdentity(files)
  } catch (error) {
    await loadIdentity(path)
    throw error
  }
}

/** All three have mode 0600, so that only the owner can read the unpacked key, whatever the umask is. */
async function tar(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const archive = pack()
  const mtime = new Date()
  for (const [name, text] of Object.entries(files)) archive.entry({ name, mode: KEY_MODE, mtime }, text)
  archive.finalize()
  return buffer(archive)
}
