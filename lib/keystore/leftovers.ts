import { promises as fs, type Dirent } from 'node:fs'
import { basename, join } from 'node:path'
import { removeStaleLock } from '../base/lock.ts'
import { parseTemporaryName, removeAbandoned, type Temporary } from '../base/temporary-names.ts'
import { GIT_IGNORE } from './git-ignore.ts'
import {
  caPaths,
  clientFilesIn,
  clientPaths,
  clientsFolder,
  crlLock,
  grantsFolder,
  hostsFolder,
  isHostName,
  ledgerLock,
  nextCaPaths,
  oneDayClientFolder,
  rotationLock,
  serverPaths,
  type LeafPaths,
} from './layout.ts'
import { finishRemovals } from './client/remove.ts'
import { isLeafFile } from './leaf-files.ts'
import { clientNames, isClientName, serverPlaces } from './list.ts'
import { ENDED, settleInstall } from './rotate/files.ts'
import { settleSwap, WAITING } from './swap.ts'

/**
 * Finishes or deletes what killed runs left in the folder: complete pairs that wait for their places move there, and
 * temporary files and folders, which may contain keys, are deleted. Files that docker-mtls didn't create stay, and so do those
 * of runs in progress.
 *
 * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
 */
export async function settleFolder(root: string): Promise<void> {
  await finishRemovals(root)
  await removeLeftovers(root)
  const servers = (await serverPlaces(root)).map(({ paths }) => paths)
  const clients = (await clientNames(root)).map((name) => clientPaths(root, name))
  for (const paths of [...servers, oneDayClient(root), ...clients]) await settleLeaf(paths)
  await settleInstall(root)
}

/** Most of the many folders have nothing to settle, so each is read only once. */
async function settleLeaf(paths: LeafPaths): Promise<void> {
  const names = await fs.readdir(paths.folder).catch(() => [])
  if (!names.some((name) => isWaiting(name) || parseTemporaryName(name) !== undefined)) return
  await removeIn(paths.folder, isLeafFile, isWaiting)
  await settleSwap(paths)
}

/** The same for the folder of a client on its own machine. */
export function removeClientLeftovers(folder: string): Promise<void> {
  return removeIn(folder, isLeafFile, isWaiting)
}

async function removeLeftovers(root: string): Promise<void> {
  const { folder: ca } = caPaths(root)
  await removeIn(
    root,
    (name) => name === GIT_IGNORE,
    (name) => name === basename(ca) || name === 'server',
  )
  await removeIn(ca, isCaFile, (name) => name === 'next')
  await removeIn(nextCaPaths(root).folder, isCaFile, NONE)
  await removeEnded(ca)
  for (const lock of [rotationLock(root), ledgerLock(caPaths(root).ledger), crlLock(root)]) await removeStaleLock(lock)
  await removeIn(hostsFolder(root), NONE, isHostName)
  await removeIn(clientsFolder(root), NONE, isClientName)
  await removeIn(grantsFolder(root), NONE, isClientName)
}

function oneDayClient(root: string): LeafPaths {
  return clientFilesIn(oneDayClientFolder(serverPaths(root).folder))
}

type Test = (target: string) => boolean

/** Deletes abandoned temporary files and folders whose final names pass the tests. */
async function removeIn(folder: string, isFile: Test, isFolder: Test): Promise<void> {
  await removeAbandoned(folder, ({ target }: Temporary, entry: Dirent) => {
    if (entry.isFile()) return isFile(target)
    return isFolder(target) && holdsOnlyOurs(join(folder, entry.name))
  })
}

/** Somebody may have given a folder of their own such a name. */
async function holdsOnlyOurs(folder: string): Promise<boolean> {
  const entries = await fs.readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.every((entry) => {
    const name = parseTemporaryName(entry.name)?.target ?? entry.name
    return entry.isFile() && (isLeafFile(name) || isCaFile(name))
  })
}

const NONE: Test = () => false
const isWaiting: Test = (name) => name === WAITING

const CA_FILES =
  /^(?:ca\.pem|ca-key\.pem|crl\.pem|ledger\.jsonl|ledger-heads\.jsonl|\.?(?:rotation|ledger|crl)\.lock|rotation\.json(?:\..+)?)$/

function isCaFile(name: string): boolean {
  return CA_FILES.test(name)
}

/** Deletes the folders of new CAs whose rotations have ended; their files are in the CA's own folder by then. */
async function removeEnded(ca: string): Promise<void> {
  for (const entry of await fs.readdir(ca, { withFileTypes: true }).catch(() => [])) {
    const path = join(ca, entry.name)
    if (!entry.isDirectory() || !entry.name.startsWith(ENDED) || !(await holdsOnlyOurs(path))) continue
    await fs.rm(path, { recursive: true, force: true }).catch(() => undefined)
  }
}
