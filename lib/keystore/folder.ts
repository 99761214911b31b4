import type { X509Certificate } from 'node:crypto'
import { ours } from '../base/sentence.ts'
import { isDockerMtlsError } from '../base/errors.ts'
import type { Authority } from '../pki/ca.ts'
import { parseClientName } from '../pki/client-name.ts'
import type { Passphrase } from '../pki/encrypted-key.ts'
import {
  ensureCa,
  openFolderCa,
  readCaCertificate,
  readCaPair,
  replaceCa,
  type FolderAuthorityOptions,
  type FolderAuthorityResult,
  type CaPair,
  type OpenedCa,
} from './ca.ts'
import { noteBeforeReplacement } from './crl/note.ts'
import { ensureLeaf, type FolderLeafResult } from './ensure-leaf.ts'
import type { FolderLeafOptions, FolderServerOptions } from './folder-options.ts'
import type { RequestedLeaf } from './leaf.ts'
import { caPaths, clientPaths, parseHostName, serverPaths } from './layout.ts'
import { listCertificates, type ListedCertificate } from './installed.ts'
import { clientNames, readClient, type ClientFiles } from './list.ts'
import { issuerIn, readNextPair, readRotatedCas, refuseRotation } from './rotate/cas.ts'
import { signClient, type FolderSignOptions, type FolderSignResult } from './sign-client.ts'
import { checkLeafOptions, issueClient, issueServer, type IssuedCertificate, type LeafOptions } from '../pki/issue.ts'
import { appendToLedger } from './ledger.ts'
import { ledgerEntry } from './ledger-line.ts'
import { settleFolder } from './leftovers.ts'
import { refuseMismatchedCa } from './pair-faults.ts'
import type { LedgerRevocation } from './ledger-revocation.ts'
import { clientRevoked, revocationOf, watchRevocations } from './revoked.ts'
import { refuseTakenName } from './taken-name.ts'
import { openCertificates } from '../pki/load-ca.ts'
import { parseServerNames } from '../pki/server-name.ts'
import { checkOptions, checkText } from '../base/options.ts'

type Issue = (authority: Authority, leaf: LeafOptions) => Promise<IssuedCertificate>

const AUTHORITY_OPTIONS = ['commonName', 'keyType', 'days', 'passphrase']
const SIGN_OPTIONS = ['days', 'name', 'file', 'force', 'passphrase']
const LEAF_OPTIONS = ['days', 'keyType', 'force', 'renew', 'passphrase']

/**
 * The folder that `docker-mtls init` creates: a CA, servers and clients.
 *
 *     DIR/ca/{ca.pem,ca-key.pem,ledger.jsonl}         and next/ during a CA rotation
 *     DIR/server/{ca.pem,server-cert.pem,server-key.pem}
 *     DIR/hosts/HOST/{ca.pem,server-cert.pem,server-key.pem}      one of several servers, as setup creates them
 *     DIR/clients/NAME/{ca.pem,cert.pem,key.pem}      no key.pem if a request was signed
 *
 * Folders have mode 0700, keys and the ledger 0600, certificates 0644, from the moment that they exist. No file is ever lost:
 * a replaced file stays in the folder with the date appended to its name, and a good one isn't touched. The ledger is written
 * before the files: it may list a certificate that was never written, but never misses one that was. The first change
 * through an object also deletes temporary files of killed processes, and finishes what they had begun.
 *
 * @example
 * ```ts
 * const folder = new PkiFolder('docker-mtls')
 * await folder.ensureAuthority()
 * await folder.ensureServer(['build01.example.com', '10.0.0.4'])
 * const { action, paths } = await folder.ensureClient('alice')
 * ```
 */
export class PkiFolder {
  /** The path, as you passed it. */
  readonly path: string
  #opened: readonly OpenedCa[] = []
  #isSettled = false

  /**
   * Names the folder. Nothing is read or written yet; the folder is created when something is written to it.
   *
   * @param path - the folder
   */
  constructor(path: string) {
    checkText(path, 'the path of a folder')
    this.path = path
  }

  /**
   * Keeps the existing CA, or creates one. Without the passphrase of an encrypted key, only the certificate is checked.
   *
   * @param options - name, key type and lifetime of a new CA, and the passphrase
   * @returns the CA, and whether it was created
   * @throws {@link PkiError} ERR_CA_INVALID, ERR_CA_EXPIRED, ERR_CA_PASSPHRASE, ERR_NAME_INVALID, ERR_KEY_TYPE_INVALID,
   *   ERR_DAYS_INVALID, ERR_ROTATION_INVALID
   * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
   */
  async ensureAuthority(options: FolderAuthorityOptions = {}): Promise<FolderAuthorityResult> {
    checkOptions(options, AUTHORITY_OPTIONS, 'PkiFolder.ensureAuthority')
    await this.#settle()
    const { result, opened } = await ensureCa(this.path, options)
    this.#keepOpened(opened)
    return result
  }

  /**
   * Replaces the CA. The old files are kept under other names. Every certificate of the old CA must be issued again (`force`).
   * If the folder has a revocation list, the new CA gets one, too.
   *
   * @param options - name, key type and lifetime of the new CA, and its passphrase
   * @returns the new CA
   * @throws {@link PkiError} ERR_NAME_INVALID, ERR_KEY_TYPE_INVALID, ERR_DAYS_INVALID, ERR_CA_PASSPHRASE,
   *   ERR_ROTATION_UNDERWAY
   * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
   */
  async replaceAuthority(options: FolderAuthorityOptions = {}): Promise<FolderAuthorityResult> {
    checkOptions(options, AUTHORITY_OPTIONS, 'PkiFolder.replaceAuthority')
    await refuseRotation(this.path, `replacing the CA in ${this.path}`)
    await this.#settle()
    const old = await noteBeforeReplacement(this.path)
    const { result, opened } = await replaceCa(this.path, options)
    this.#keepOpened(opened)
    const { renewLists } = await import('./crl/write.ts')
    const renewed = await renewLists(this.path, options.passphrase)
    const unread = old ?? renewed?.state.keptAside
    if (unread === undefined) return result
    return { ...result, notes: [...result.notes, `The ledger may lack revocations that the old list has: ${unread}`] }
  }

  /**
   * Opens the CA to issue certificates that aren't kept in the folder. This object needs the passphrase only once. During a
   * CA rotation it opens the CA whose client certificates the daemon already accepts.
   *
   * @param passphrase - decrypts the CA key
   * @returns the CA
   * @throws {@link PkiError} ERR_CA_MISSING, ERR_CA_INVALID, ERR_CA_EXPIRED, ERR_CA_PASSPHRASE, ERR_ROTATION_INVALID,
   *   ERR_ROTATION_UNDERWAY while a rotation is being aborted
   * @throws {@link FileError} ERR_FILE_READ
   */
  openAuthority(passphrase?: Passphrase): Promise<Authority> {
    return this.#open('client', passphrase)
  }

  /**
   * Keeps the existing certificate of a server, or issues one. Changing its names requires `force`.
   *
   * @param names - the server's names, as for {@link issueServer}
   * @param options - which server, lifetime, key type, and whether to replace an existing pair
   * @returns the files, and whether they were created
   * @throws {@link PkiError} ERR_SERVER_NAMES_CHANGED, ERR_PKI_FILE_INVALID, ERR_NAME_INVALID, ERR_KEY_TYPE_INVALID,
   *   ERR_DAYS_INVALID, and those of {@link PkiFolder.openAuthority}
   * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
   */
  async ensureServer(names: readonly string[], options: FolderServerOptions = {}): Promise<FolderLeafResult> {
    checkOptions(options, [...LEAF_OPTIONS, 'host'], 'PkiFolder.ensureServer')
    const { host, ...rest } = options
    const requested = {
      kind: 'server',
      root: this.path,
      paths: serverPaths(this.path, host === undefined ? undefined : parseHostName(host)),
      names: parseServerNames(names),
    } as const
    const command = ['cert', 'server', ...names, ...(host === undefined ? [] : ['--host', host])]
    const issue: Issue = (authority, leaf) => issueServer(authority, { names, ...leaf })
    return this.#ensure(requested, rest, command, { issue })
  }

  /**
   * Keeps the existing certificate of a client, or issues one. If the key is on the client's own machine, the certificate is
   * replaced by a new pair only with `force`. A client that was revoked gets a new certificate only with `force`.
   *
   * @param name - the client's name, as for {@link issueClient}
   * @param options - lifetime, key type, and whether to replace an existing pair
   * @returns the files, and whether they were created
   * @throws {@link PkiError} ERR_PKI_FILE_INVALID, ERR_CLIENT_KEY_ELSEWHERE, ERR_CLIENT_REVOKED, ERR_NAME_INVALID,
   *   ERR_KEY_TYPE_INVALID, ERR_DAYS_INVALID, ERR_LEDGER_INVALID, and those of {@link PkiFolder.openAuthority}
   * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
   */
  async ensureClient(name: string, options: FolderLeafOptions = {}): Promise<FolderLeafResult> {
    checkOptions(options, LEAF_OPTIONS, 'PkiFolder.ensureClient')
    return this.#ensureClient(name, options, options.force === true)
  }

  /**
   * Replaces the certificate of a client, even if it has expired or is of a replaced CA, unless the client was revoked.
   *
   * @internal
   */
  async renewClient(name: string, options: Omit<FolderLeafOptions, 'force' | 'renew'>): Promise<FolderLeafResult> {
    return this.#ensureClient(name, { ...options, force: true, renew: true }, false)
  }

  async #ensureClient(name: string, options: FolderLeafOptions, isAlsoRevoked: boolean): Promise<FolderLeafResult> {
    const paths = clientPaths(this.path, parseClientName(name))
    const revokedSince = await watchRevocations(this.path, 'client', name)
    await refuseTakenName(this.path, 'client', name)
    const requested = { kind: 'client', root: this.path, name, paths } as const
    const command = ['cert', 'client', name]
    const revocation = await revocationOf(this.path, name)
    const anyway = ours(...command, '--dir', this.path, '--force')
    const refuse = (found: LedgerRevocation | undefined): void => {
      if (found === undefined) return
      throw clientRevoked(`issuing the certificate of the client ${name} in ${paths.folder}`, found, anyway)
    }
    if (!isAlsoRevoked) refuse(revocation)
    return this.#ensure(requested, revocation === undefined ? options : { ...options, renew: true }, command, {
      issue: (authority, leaf) => issueClient(authority, { name, ...leaf }),
      check: async () => refuse(await revokedSince()),
    })
  }

  /**
   * Signs a client's request and keeps the certificate in the client's folder, without a key. Signing a request with the same
   * key renews the certificate; another key for an existing client requires `force`, and so does a client that was revoked. The key of
   * a revoked certificate is always refused.
   *
   * @param request - the request, PKCS#10 as PEM
   * @param options - lifetime, name, and whether to accept another key
   * @returns the certificate, and the answer to send to the client
   * @throws {@link PkiError} ERR_REQUEST_INVALID, ERR_REQUEST_REFUSED, ERR_CLIENT_REVOKED, ERR_NAME_INVALID, ERR_DAYS_INVALID,
   *   ERR_LEDGER_INVALID, ERR_LEDGER_MISMATCH, and those of {@link PkiFolder.openAuthority}
   * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE, ERR_FILE_EXISTS if another run is writing
   */
  async signClient(request: string | Uint8Array, options: FolderSignOptions = {}): Promise<FolderSignResult> {
    checkOptions(options, SIGN_OPTIONS, 'PkiFolder.signClient')
    const { passphrase, ...rest } = options
    return signClient(this.path, request, rest, () => this.openAuthority(passphrase))
  }

  /**
   * Lists all issued certificates, the oldest first, and the files that hold them now.
   *
   * @returns the entries of the ledger
   * @throws {@link PkiError} ERR_CA_MISSING, ERR_LEDGER_INVALID
   * @throws {@link FileError} ERR_FILE_READ
   */
  list(): Promise<ListedCertificate[]> {
    return listCertificates(this.path)
  }

  /**
   * Lists the clients that have a folder.
   *
   * @returns their names
   */
  clients(): Promise<string[]> {
    return clientNames(this.path)
  }

  /**
   * Reads the three files of a client, including its private key.
   *
   * @param name - the client's name
   * @returns the files as PEM
   * @throws {@link PkiError} ERR_CLIENT_NOT_FOUND, ERR_CLIENT_KEY_ELSEWHERE, ERR_PKI_FILE_INVALID, ERR_NAME_INVALID
   * @throws {@link FileError} ERR_FILE_READ
   */
  readClient(name: string): Promise<ClientFiles> {
    return readClient(this.path, name)
  }

  /** Finishes or deletes what killed runs left, before the first change. */
  async #settle(): Promise<void> {
    if (this.#isSettled) return
    await settleFolder(this.path)
    this.#isSettled = true
  }

  async #ensure(
    requested: RequestedLeaf,
    { force = false, renew = false, passphrase, ...leaf }: FolderLeafOptions,
    command: readonly string[],
    { issue, check }: { readonly issue: Issue; readonly check?: () => Promise<void> },
  ): Promise<FolderLeafResult> {
    checkLeafOptions(leaf)
    await this.#settle()
    return ensureLeaf({
      ...requested,
      authority: await this.#certificates(requested.kind, passphrase),
      force,
      renew,
      keyType: leaf.keyType,
      forceCommand: ours(...command, '--dir', this.path, '--force'),
      issue: async () => {
        const issued = await issue(await this.#open(requested.kind, passphrase), leaf)
        await appendToLedger(caPaths(this.path).ledger, ledgerEntry(requested.kind, issued.facts), check)
        return issued
      },
    })
  }

  /** The CA that issues certificates of this kind; during a rotation, one of two. */
  async #open(kind: RequestedLeaf['kind'], passphrase: Passphrase | undefined): Promise<Authority> {
    const rotation = await readRotatedCas(this.path)
    if (rotation === undefined) return this.#openPair(await readCaPair(this.path), passphrase)
    await refuseMismatchedCa(this.path)
    if (rotation.state.phase === 'abort') await refuseRotation(this.path, `using the CA in ${this.path}`)
    const isNext = issuerIn(rotation.state.phase, kind) === 'next'
    const pair = isNext ? await readNextPair(this.path) : await readCaPair(this.path)
    const authority = await this.#openPair(pair, passphrase)
    return authority.trusting(rotation.trusted.map(String).join(''))
  }

  async #openPair(pair: CaPair | undefined, passphrase: Passphrase | undefined): Promise<Authority> {
    const opened = this.#opened.find(({ certificate, key }) => certificate === pair?.certificate && key === pair.key)
    if (opened !== undefined) return opened.authority
    const authority = await openFolderCa(this.path, pair, passphrase)
    if (pair !== undefined) this.#keepOpened({ ...pair, authority })
    return authority
  }

  #keepOpened(opened: OpenedCa | undefined): void {
    if (opened !== undefined) this.#opened = [...this.#opened, opened]
  }

  /** The CA certificates. Keeping a good pair needs no signature, so an encrypted key is no obstacle. */
  async #certificates(
    kind: RequestedLeaf['kind'],
    passphrase: Passphrase | undefined,
  ): Promise<readonly X509Certificate[]> {
    try {
      return openCertificates((await this.#open(kind, passphrase)).certificate)
    } catch (error) {
      if (passphrase !== undefined || !isDockerMtlsError(error, 'ERR_CA_PASSPHRASE')) throw error
      const rotation = await readRotatedCas(this.path)
      if (rotation !== undefined) return rotation.trusted
      const pair = await readCaPair(this.path)
      if (pair === undefined) throw error
      return [readCaCertificate(this.path, pair)]
    }
  }
}
