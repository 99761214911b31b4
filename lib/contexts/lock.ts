import { randomBytes } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { FileError, isDockerMtlsError } from '../base/errors.ts'
import { codeOf } from '../base/system-error.ts'
import { KEY_MODE, writeFileAtomically } from '../base/files.ts'

/** Whoever is at work takes some milliseconds; a slow disk takes longer. */
const WAIT_MS = 10_000
const RETRY_MS = 20

/**
 * Does something that only one at a time may do: two who change a context at once could leave the metadata of one with
 * nobody's TLS credentials. The file names the process, so that one that was killed holds up nobody.
 *
 * @param what - what it is done to, for the message
 * @throws {@link FileError} ERR_FILE_WRITE, where another one takes too long
 */
export async function withLock<T>(path: string, work: () => Promise<T>, what = 'that context'): Promise<T> {
  await take(path, what)
  try {
    return await work()
  } finally {
    // Where it can't be removed, it ends with this process.
    await fs.rm(path, { force: true }).catch(() => undefined)
  }
}

async function take(path: string, what: string): Promise<void> {
  for (const start = Date.now(); ; await delay(RETRY_MS)) {
    try {
      return await writeFileAtomically(path, String(process.pid), { mode: KEY_MODE, replace: false })
    } catch (error) {
      if (!isDockerMtlsError(error, 'ERR_FILE_EXISTS')) throw error
    }
    const owner = await fs.readFile(path, 'utf8').catch(() => undefined)
    if (owner !== undefined && !isAlive(Number(owner))) await removeDead(path, owner)
    else if (Date.now() - start > WAIT_MS) throw held(path, owner, what)
  }
}

/** Moves the lock away before it reads it once more, because another process may just have replaced it. */
async function removeDead(path: string, owner: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await fs.rename(path, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  try {
    // Where a third one was quicker still, there is one already.
    if ((await fs.readFile(aside, 'utf8')) !== owner) await fs.link(aside, path).catch(() => undefined)
  } finally {
    await fs.rm(aside, { force: true })
  }
}

/** kill(2) with no signal: EPERM is of a process that is there and somebody else's. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

function held(path: string, owner: string | undefined, what: string): FileError {
  return new FileError('ERR_FILE_WRITE', {
    tried: `writing ${path}`,
    got: `process ${owner ?? '(unknown)'} is changing ${what}`,
    todo: 'Wait until that process has ended. If it is not docker-mtls, remove this file.',
  })
}
