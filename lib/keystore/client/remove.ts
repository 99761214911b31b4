import { promises as fs } from 'node:fs'
import { join, resolve } from 'node:path'
import { FileError, PkiError } from '../../base/errors.ts'
import { fileReason, flushFolder, FOLDER_MODE, KEY_MODE } from '../../base/files.ts'
import { parseJsonDocument } from '../../base/json.ts'
import { ours, sentence } from '../../base/sentence.ts'
import { enumerate, onlyOnes } from '../../base/text.ts'
import { isAbandoned, parseTemporaryName, temporaryNameBeside } from '../../base/temporary-names.ts'
import { parseClientName } from '../../pki/client-name.ts'
import { clientPaths, clientsFolder } from '../layout.ts'
import { isOfLeaf } from '../leaf-files.ts'
import { findUnlisted } from '../ledger-check.ts'
import { listCertificates } from '../installed.ts'
import { clientNames, isClientName } from '../list.ts'

/*
 * The folders of several clients can't be removed at once, so they first move into a waste folder beside them, which lists
 * them. From the moment that the list is complete, the removal is decided: if this run is killed, the next one that changes
 * something in the folder finishes it (`finishRemovals`).
 */

const WASTE = 'removed'
const LIST = 'removed-clients.json'

/**
 * Checks whether clients can be removed. Changes nothing.
 *
 * @throws {@link PkiError} ERR_CLIENT_NOT_FOUND, ERR_NAME_INVALID; ERR_CLIENT_FOLDER_FOREIGN if a folder contains something
 *   that docker-mtls didn't create; ERR_LEDGER_MISMATCH if the ledger doesn't list a certificate
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function checkRemoval(root: string, names: readonly string[]): Promise<void> {
  const there = await clientNames(root)
  // Without clients, there may be no CA at all, and then no list of clients to look at.
  if (there.length === 0) await listCertificates(root)
  for (const name of names) {
    if (!there.includes(parseClientName(name))) throw notFound(root, name, there)
    await refuseForeign(clientPaths(root, name).folder, name)
  }
  await refuseUnlisted(root, names)
}

/**
 * Removes the folders of clients: all of them, or none. The ledger keeps their certificates.
 *
 * @param names - checked by {@link checkRemoval}
 * @throws {@link FileError} ERR_FILE_WRITE; then no folder was removed
 */
export async function removeClients(root: string, names: readonly string[]): Promise<void> {
  await finishRemovals(root)
  const folder = clientsFolder(root)
  const waste = temporaryNameBeside(join(folder, WASTE))
  try {
    await fs.mkdir(waste, { mode: FOLDER_MODE })
    await writeList(waste, names)
    await flushFolder(folder)
    for (const name of names) await fs.rename(join(folder, name), join(waste, name))
    await flushFolder(folder)
  } catch (cause) {
    await undo(folder, waste)
    throw notRemoved(folder, names, cause)
  }
  await fs.rm(waste, { recursive: true, force: true })
}

/** Finishes what killed runs of {@link removeClients} had decided to remove. */
export async function finishRemovals(root: string): Promise<void> {
  const folder = clientsFolder(root)
  for (const entry of await fs.readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const temporary = parseTemporaryName(entry.name)
    const waste = join(folder, entry.name)
    if (temporary?.target !== WASTE || !entry.isDirectory() || !(await isAbandoned(waste, temporary))) continue
    const names = await readList(waste)
    await (names === undefined ? undo(folder, waste) : finish(folder, waste, names))
  }
}

/** What can't be deleted stays, and the next run tries again. */
async function finish(folder: string, waste: string, names: readonly string[]): Promise<void> {
  const moves = names.map((name) => fs.rename(join(folder, name), join(waste, name)).catch(() => undefined))
  await Promise.all(moves)
  await fs.rm(waste, { recursive: true, force: true }).catch(() => undefined)
}

/** Without the list, nothing is decided. What fails here is tried again by the next run. */
async function undo(folder: string, waste: string): Promise<void> {
  await fs.rm(join(waste, LIST), { force: true }).catch(() => undefined)
  const names = (await fs.readdir(waste).catch(() => [])).filter(isClientName)
  await Promise.all(names.map((name) => fs.rename(join(waste, name), join(folder, name)).catch(() => undefined)))
  await fs.rmdir(waste).catch(() => undefined)
}

async function writeList(waste: string, names: readonly string[]): Promise<void> {
  const file = await fs.open(join(waste, LIST), 'wx', KEY_MODE)
  try {
    await file.writeFile(`${JSON.stringify(names)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await flushFolder(waste)
}

/** @returns undefined if the list is missing or incomplete: nothing was decided then */
async function readList(waste: string): Promise<string[] | undefined> {
  try {
    const names = parseJsonDocument(await fs.readFile(join(waste, LIST), 'utf8'))
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string' && isClientName(name)) : undefined
  } catch {
    return undefined
  }
}

function notFound(root: string, name: string, there: readonly string[]): PkiError {
  return new PkiError('ERR_CLIENT_NOT_FOUND', {
    tried: `removing the client ${name} from ${resolve(clientsFolder(root))}`,
    got: there.length === 0 ? 'it has no clients' : `its ${onlyOnes('client', there)}`,
    todo: sentence`Nothing was removed. List the clients:  ${ours('client', 'ls', '--dir', root)}`,
  })
}

async function refuseForeign(folder: string, name: string): Promise<void> {
  const entries = await fs.readdir(folder, { withFileTypes: true })
  const foreign = entries
    .filter((entry) => !isOfLeaf({ name: entry.name, isFile: entry.isFile() }, 'client'))
    .map((entry) => entry.name)
  if (foreign.length === 0) return
  throw new PkiError('ERR_CLIENT_FOLDER_FOREIGN', {
    tried: `removing the client ${name}`,
    got: `${folder} also contains ${enumerate(foreign.toSorted())}, which docker-mtls did not create`,
    todo: 'Nothing was removed. Move that to another place, then run this again.',
  })
}

/** Only the ledger will know of the certificates, which stay valid. */
async function refuseUnlisted(root: string, names: readonly string[]): Promise<void> {
  const unlisted = await findUnlisted(root, await listCertificates(root))
  const one = unlisted.find(({ kind, path }) => kind === 'client' && isOfAny(root, names, path))
  if (one === undefined) return
  throw new PkiError('ERR_LEDGER_MISMATCH', {
    tried: `removing the client ${one.name}`,
    got: `the ledger does not list its certificate (serial ${one.serial}), which stays valid`,
    todo: sentence`Nothing was removed. Add it to the ledger first:  ${ours('cert', 'adopt', '--dir', root)}`,
  })
}

function isOfAny(root: string, names: readonly string[], path: string | undefined): boolean {
  return names.some((name) => clientPaths(root, name).cert === path)
}

function notRemoved(folder: string, names: readonly string[], cause: unknown): FileError {
  return new FileError('ERR_FILE_WRITE', {
    tried: `removing ${enumerate(names)} from ${folder}`,
    got: fileReason(cause),
    todo: 'Nothing was removed. Make the folder and its subfolders writable, and run this again.',
    cause,
  })
}
