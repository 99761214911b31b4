import type { X509Certificate } from 'node:crypto'
import { isDockerMtlsError } from '../base/errors.ts'
import type { Authority } from '../pki/ca.ts'
import { parseClientName } from '../pki/client-name.ts'
import type { Passphrase } from '../pki/encrypted-key.ts'
import {
  ensureAuthority,
  openFolderCa,
  readCaCertificate,
  readCaPair,
  replaceAuthority,
  type FolderAuthorityOptions,
  type FolderAuthorityResult,
  type CaPair,
  type OpenedCa,
} from './ca.ts'
import { ensureLeaf, type FolderLeafResult } from './ensure-leaf.ts'
import type { RequestedLeaf } from './leaf.ts'
import { caPaths, clientPaths, commandLine, serverPaths } from './layout.ts'
import { clientNames, listCertificates, readClient, type ClientFiles, type ListedCertificate } from './list.ts'
import { parseHostName } from './layout.ts'
import { issuerIn, readNextPair, readRotatedCas, refuseRotation } from './rotate/cas.ts'
import { signClient, type FolderSignOptions, type FolderSignResult } from './sign-client.ts'
import { checkLeafOptions, issueClient, issueServer, type IssuedCertificate, type LeafOptions } from '../pki/issue.ts'
import { appendToLedger, ledgerEntry } from './ledger.ts'
import { openCertificates } from '../pki/load-ca.ts'
import { parseServerNames } from '../pki/server-name.ts'
import { checkOptions, checkText } from '../base/options.ts'

/** For a leaf in a {@link PkiFolder}. */
export interface FolderLeafOptions extends LeafOptions {
  /**
   * Replaces a pair that can't stay: other names, another key type, expired, damaged, of another authority. What is good is
   * kept.
   *
   * @defaultValue false
   */
  readonly force?: boolean
  /**
   * Replaces a good pair too.
   *
   * @defaultValue false
   */
  readonly renew?: boolean
  /** Opens the authority's key, where it is encrypted and something has to be signed. */
  readonly passphrase?: Passphrase
}

/** For a server in a {@link PkiFolder}. */
export interface FolderServerOptions extends FolderLeafOptions {
  /**
   * Which of several servers of one authority: letters, digits, `.`, `-` and `_`. Its files are in the folder `hosts/HOST`.
   *
   * @defaultValue none: the one server, in the folder `server`
   */
  readonly host?: string
}

const AUTHORITY_OPTIONS = ['commonName', 'keyType', 'days', 'passphrase']
const SIGN_OPTIONS = ['days', 'name', 'file', 'force', 'passphrase']
const LEAF_OPTIONS = ['days', 'keyType', 'force', 'renew', 'passphrase']

/**
 * The folder that `docker-mtls init` makes: an authority, a server and any number of clients.
 *
 *     DIR/ca/{ca.pem,ca-key.pem,ledger.jsonl}         beside them next/, while another one is to take its place
 *     DIR/server/{ca.pem,server-cert.pem,server-key.pem}
 *     DIR/hosts/HOST/{ca.pem,server-cert.pem,server-key.pem}      each of several servers, as setup makes them
 *     DIR/clients/NAME/{ca.pem,cert.pem,key.pem}      no key.pem where a request was signed
 *
 * Folders are 0700, keys and the ledger 0600, certificates 0644, from the moment that they exist. No file is ever lost:
 * what is replaced stays beside its successor with the date behind its name, and what is good isn't touched. The ledger
 * is written before the files, so that it may name a certificate that never came to be, but never misses one that did.
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
  /** As it was given. */
  readonly path: string
  #opened: readonly OpenedCa[] = []

  /** @param path - the folder; it is made when something is written to it */
  constructor(path: string) {
    checkText(path, 'the path of a folder')
    this.path = path
  }

  /**
   * Keeps the authority that is there, or makes one. An encrypted one is opened only with a passphrase; without, its
   * certificate alone is checked.
   *
   * @throws {@link PkiError} ERR_CA_INVALID, ERR_CA_EXPIRED, ERR_CA_PASSPHRASE, ERR_NAME_INVALID, ERR_KEY_TYPE_INVALID,
   *   ERR_DAYS_INVALID
   * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
   */
  async ensureAuthority(options: FolderAuthorityOptions = {}): Promise<FolderAuthorityResult> {
    checkOptions(options, AUTHORITY_OPTIONS, 'PkiFolder.ensureAuthority')
    const { result, opened } = await ensureAuthority(this.path, options)
    this.#keepOpened(opened)
    return result
  }

  /**
   * Makes a new authority, and keeps the files of the old one beside it. Everything that the old one issued has to be
   * issued anew (`force`).
   *
   * @throws {@link PkiError} ERR_NAME_INVALID, ERR_KEY_TYPE_INVALID, ERR_DAYS_INVALID, ERR_CA_PASSPHRASE,
   *   ERR_ROTATION_UNDERWAY
   * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
   */
  async replaceAuthority(options: FolderAuthorityOptions = {}): Promise<FolderAuthorityResult> {
    checkOptions(options, AUTHORITY_OPTIONS, 'PkiFolder.replaceAuthority')
    await refuseRotation(this.path, `replacing the authority in ${this.path}`)
    const { result, opened } = await replaceAuthority(this.path, options)
    this.#keepOpened(opened)
    return result
  }

  /**
   * Loads the authority, for issuing something that doesn't belong into the folder. Once opened, an encrypted key needs no
   * passphrase again in this object. While the authority is rotated, it is the one whose clients the daemon takes for sure.
   *
   * @throws {@link PkiError} ERR_CA_MISSING, ERR_CA_INVALID, ERR_CA_EXPIRED, ERR_CA_PASSPHRASE, ERR_ROTATION_INVALID,
   *   ERR_ROTATION_UNDERWAY where one is being stopped
   * @throws {@link FileError} ERR_FILE_READ
   */
  openAuthority(passphrase?: Passphrase): Promise<Authority> {
    return this.#open('client', passphrase)
  }

  /**
   * Keeps a server's pair that is there, or issues one. Other names than it has are an error without `force`.
   *
   * @param names - as for {@link issueServer}
   * @throws {@link PkiError} ERR_SERVER_NAMES_CHANGED, ERR_PKI_FILE_INVALID, ERR_NAME_INVALID, ERR_KEY_TYPE_INVALID,
   *   ERR_DAYS_INVALID, and those of {@link PkiFolder.openAuthority}
   * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
   */
  async ensureServer(names: readonly string[], options: FolderServerOptions = {}): Promise<FolderLeafResult> {
    checkOptions(options, [...LEAF_OPTIONS, 'host'], 'PkiFolder.ensureServer')
    const { host, ...rest } = options
    const wish = {
      kind: 'server',
      root: this.path,
      paths: serverPaths(this.path, host === undefined ? undefined : parseHostName(host)),
      names: parseServerNames(names),
    } as const
    const command = ['cert', 'server', ...names, ...(host === undefined ? [] : ['--host', host])]
    return this.#ensure(wish, rest, command, (authority, leaf) => issueServer(authority, { names, ...leaf }))
  }

  /**
   * Keeps a client's pair that is there, or issues one. A certificate whose key is on the client's own machine is kept,
   * and replaced by a pair of its own only with `force`.
   *
   * @param name - as for {@link issueClient}
   * @throws {@link PkiError} ERR_PKI_FILE_INVALID, ERR_CLIENT_KEY_ELSEWHERE, ERR_NAME_INVALID, ERR_KEY_TYPE_INVALID, ERR_DAYS_INVALID, and those of
   *   {@link PkiFolder.openAuthority}
   * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
   */
  async ensureClient(name: string, options: FolderLeafOptions = {}): Promise<FolderLeafResult> {
    checkOptions(options, LEAF_OPTIONS, 'PkiFolder.ensureClient')
    const paths = clientPaths(this.path, parseClientName(name))
    const wish = { kind: 'client', root: this.path, name, paths } as const
    const command = ['cert', 'client', name]
    return this.#ensure(wish, options, command, (authority, leaf) => issueClient(authority, { name, ...leaf }))
  }

  /**
   * Signs a client's request, and keeps the certificate and the authority's beside those of the others; the key is not
   * here. The same key again renews its certificate; another key under the name of a client that is there is an error
   * without `force`.
   *
   * @param request - PKCS#10 as PEM, as for {@link signRequest}
   * @throws {@link PkiError} ERR_REQUEST_INVALID, ERR_REQUEST_REFUSED, ERR_NAME_INVALID, ERR_DAYS_INVALID,
   *   ERR_LEDGER_INVALID, ERR_LEDGER_MISMATCH, and those of {@link PkiFolder.openAuthority}
   * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE, ERR_FILE_EXISTS where another run is at it
   */
  async signClient(request: string | Uint8Array, options: FolderSignOptions = {}): Promise<FolderSignResult> {
    checkOptions(options, SIGN_OPTIONS, 'PkiFolder.signClient')
    const { passphrase, ...rest } = options
    return signClient(this.path, request, rest, () => this.openAuthority(passphrase))
  }

  /**
   * Everything that was ever issued here, the oldest first, and where it is in use.
   *
   * @throws {@link PkiError} ERR_CA_MISSING, ERR_LEDGER_INVALID
   * @throws {@link FileError} ERR_FILE_READ
   */
  list(): Promise<ListedCertificate[]> {
    return listCertificates(this.path)
  }

  /** The names of the clients that have a folder. */
  clients(): Promise<string[]> {
    return clientNames(this.path)
  }

  /**
   * A client's three files, to be handed to it. The key is among them.
   *
   * @throws {@link PkiError} ERR_CLIENT_NOT_FOUND, ERR_CLIENT_KEY_ELSEWHERE, ERR_PKI_FILE_INVALID, ERR_NAME_INVALID
   * @throws {@link FileError} ERR_FILE_READ
   */
  readClient(name: string): Promise<ClientFiles> {
    return readClient(this.path, name)
  }

  async #ensure(
    wish: RequestedLeaf,
    { force = false, renew = false, passphrase, ...leaf }: FolderLeafOptions,
    command: readonly string[],
    issue: (authority: Authority, leaf: LeafOptions) => Promise<IssuedCertificate>,
  ): Promise<FolderLeafResult> {
    checkLeafOptions(leaf)
    return ensureLeaf({
      ...wish,
      authority: await this.#certificates(wish.kind, passphrase),
      force,
      renew,
      keyType: leaf.keyType,
      forceCommand: commandLine(...command, '--dir', this.path, '--force'),
      issue: async () => {
        const issued = await issue(await this.#open(wish.kind, passphrase), leaf)
        await appendToLedger(caPaths(this.path).ledger, ledgerEntry(wish.kind, issued.facts))
        return issued
      },
    })
  }

  /** The authority that a leaf of this kind is issued by: while it is rotated, one of two. */
  async #open(kind: RequestedLeaf['kind'], passphrase: Passphrase | undefined): Promise<Authority> {
    const rotation = await readRotatedCas(this.path)
    if (rotation === undefined) return this.#openPair(await readCaPair(this.path), passphrase)
    if (rotation.state.phase === 'abort') await refuseRotation(this.path, `using the authority in ${this.path}`)
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

  /** The authority's certificate, without its key where that is locked: to keep what is good nothing has to be signed. */
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
