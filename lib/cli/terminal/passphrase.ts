import { promises as fs } from 'node:fs'
import { FileError, isDockerMtlsError, PkiError, sentencesOf, type AnyDockerMtlsError } from '../../base/errors.ts'
import { readFault } from '../../base/files.ts'
import { command, sentence, type Sentence } from '../../base/sentence.ts'
import type { Context } from '../command.ts'
import { canAsk, askSecret } from './prompt.ts'

/** How the passphrase of a CA key is given; never on the command line, which every user can read. */
export interface PassphraseFlags {
  readonly caPassphraseFile?: string
}

/** NIST SP 800-63B section 3.1.1.2: what a person chooses has at least 8 characters. */
const SHORTEST = 8
const ATTEMPTS = 3
const VARIABLE = 'DOCKER_MTLS_CA_PASSPHRASE'
const WAYS = `Put it into a file of mode 0600 and name it with  --ca-passphrase-file FILE , or set ${VARIABLE}.`

/** Work that may need the CA key. */
export interface LockedWork<Result> {
  readonly folder: string
  readonly flags: PassphraseFlags
  /** Encrypt the key of a new CA? Then a passphrase is required. */
  readonly encrypt?: boolean
  /** Create a new CA even if one exists? */
  readonly replace?: boolean
  /** May be called again after a wrong passphrase. */
  readonly run: (passphrase: string | undefined) => Promise<Result>
}

/**
 * Does the work with the passphrase from a file or variable. If a key turns out to be encrypted and no passphrase is
 * given, asks at the terminal.
 */
export async function withPassphrase<Result>(work: LockedWork<Result>, context: Context): Promise<Result> {
  const { flags, encrypt = false } = work
  const given = await givenPassphrase(flags, context)
  const isNew = await willBeNew(work)
  if (encrypt && isNew && given === undefined) return work.run(await askNewSecret(OF_CA, context))
  if (isNew && given !== undefined) checkLength(given)
  if (!isNew) await warnOpenKey(work.folder, context)
  try {
    return await work.run(given)
  } catch (error) {
    if (given !== undefined || !isDockerMtlsError(error, 'ERR_CA_PASSPHRASE')) throw error
    return askAndRun(work, context, error)
  }
}

async function askAndRun<Result>(
  work: LockedWork<Result>,
  context: Context,
  locked: AnyDockerMtlsError,
): Promise<Result> {
  if (!canAsk(context.io))
    throw new PkiError('ERR_CA_PASSPHRASE', { ...sentencesOf(locked), todo: WAYS, cause: locked })
  for (let attempt = 1; ; attempt++) {
    const passphrase = await askSecret('Passphrase of the CA key: ', context.io)
    try {
      return await work.run(passphrase)
    } catch (error) {
      if (attempt === ATTEMPTS || !isDockerMtlsError(error, 'ERR_CA_PASSPHRASE')) throw error
      context.say('Wrong passphrase.')
    }
  }
}

async function givenPassphrase(
  { caPassphraseFile }: PassphraseFlags,
  { io, warn }: Context,
): Promise<string | undefined> {
  if (caPassphraseFile === undefined) {
    const variable = io.env[VARIABLE]
    return variable === '' ? undefined : variable
  }
  return readSecretFile(caPassphraseFile, warn)
}

/**
 * Reads a passphrase or a password, without the line break that editors put at the end.
 *
 * @param what - which of them, for messages
 * @throws {@link FileError} ERR_FILE_READ, also if the file is empty
 */
export async function readSecretFile(
  path: string,
  warn: Context['warn'],
  what: 'passphrase' | 'password' = 'passphrase',
): Promise<string> {
  const tried = `reading the ${what} in ${path}`
  const secret = await readSecret(path, warn, tried)
  if (secret !== '') return secret
  throw new FileError('ERR_FILE_READ', {
    tried,
    got: 'the file is empty',
    todo: `Write the ${what} into its first line.`,
  })
}

async function readSecret(path: string, warn: Context['warn'], tried: string): Promise<string> {
  try {
    const { mode } = await fs.stat(path)
    const isOpen = process.platform !== 'win32' && (mode & 0o077) !== 0
    if (isOpen) warn(openToOthers(path))
    return (await fs.readFile(path, 'utf8')).replace(/\r?\n$/, '')
  } catch (cause) {
    throw new FileError('ERR_FILE_READ', {
      tried,
      got: readFault(cause),
      todo: 'Name an existing file that you can read.',
      cause,
    })
  }
}

function openToOthers(path: string): Sentence {
  return sentence`Other users can read ${path}. Restrict it:  ${command('chmod', '600', path)}`
}

/** A new passphrase, for messages and questions. */
export interface NewSecret {
  /** `the CA key`. */
  readonly what: string
  readonly code: 'ERR_CA_PASSPHRASE' | 'ERR_PKCS12_PASSPHRASE'
  /** How to give it without a terminal. */
  readonly ways: string
  /** Why it has to be long. */
  readonly risk: string
}

const OF_CA: NewSecret = {
  what: 'the CA key',
  code: 'ERR_CA_PASSPHRASE',
  ways: WAYS,
  risk: 'anyone who guesses it can become root on every server of this CA',
}

/** Asks twice: with a typing mistake, the key would be lost. */
export async function askNewSecret(secret: NewSecret, { io, say }: Context): Promise<string> {
  if (!canAsk(io))
    throw unfit(
      secret,
      "no passphrase is given, and docker-mtls isn't running in a terminal, so it can't ask for one",
      secret.ways,
    )
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const passphrase = await askSecret(`New passphrase for ${secret.what}: `, io)
    checkLength(passphrase, secret)
    if ((await askSecret('Repeat the passphrase: ', io)) === passphrase) return passphrase
    say('The passphrases differ.')
  }
  throw unfit(secret, `the two entries differed, ${ATTEMPTS} times`, secret.ways)
}

/** Refuses a new passphrase that is easy to guess. */
export function checkLength(passphrase: string, secret: NewSecret = OF_CA): void {
  const { length } = Array.from(passphrase)
  if (length >= SHORTEST) return
  const got = length === 0 ? 'the passphrase is empty' : `the passphrase has ${length} characters`
  throw unfit(secret, got, `Use at least ${SHORTEST} characters: ${secret.risk}.`)
}

function unfit({ what, code }: NewSecret, got: string, todo: string): PkiError {
  return new PkiError(code, { tried: `encrypting ${what}`, got, todo })
}

/** Anyone who reads the key (and guesses its passphrase) can become root on every server of this CA. */
async function warnOpenKey(folder: string, { warn }: Context): Promise<void> {
  const [{ isOpenToOthers }, { caPaths, nextCaPaths }] = await Promise.all([
    import('../../base/replace-files.ts'),
    import('../../keystore/layout.ts'),
  ])
  for (const path of [caPaths(folder).key, nextCaPaths(folder).key]) {
    // The next one exists only during a rotation.
    const isOpen = await isOpenToOthers(path).catch(() => false)
    if (isOpen) warn(openToOthers(path))
  }
}

/** Will a CA be created? The key of an existing one isn't encrypted here. */
async function willBeNew({ folder, encrypt = false, replace = false }: LockedWork<unknown>): Promise<boolean> {
  const [{ isFolder, readIfThere }, { caPaths }, { isEncryptedKey }] = await Promise.all([
    import('../../base/files.ts'),
    import('../../keystore/layout.ts'),
    import('../../pki/load-ca.ts'),
  ])
  // A file in place of the folder gets its own error.
  await isFolder(folder)
  const { key: path } = caPaths(folder)
  const key = await readIfThere(path)
  if (replace || key === undefined) return true
  if (encrypt && !isEncryptedKey(key)) {
    const encrypted = `${path}.new`
    const openssl = command('openssl', 'pkcs8', '-topk8', '-v2', 'aes256', '-in', path, '-out', encrypted)
    throw new PkiError('ERR_CA_EXISTS', {
      tried: `encrypting ${path}`,
      got: 'the CA exists already, and its key is not encrypted',
      todo: sentence`Encrypt a copy:  ${openssl}  Then replace the key by it:  ${command('mv', encrypted, path)}`,
    })
  }
  return false
}
