import { X509Certificate } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { PkiFolder } from '../../../../lib/pki.ts'
import type { RotateOptions } from '../../../../lib/keystore/rotate/options.ts'
import type { RotationReport } from '../../../../lib/keystore/rotate/report.ts'
import { rotateAuthority } from '../../../../lib/keystore/rotate/rotate.ts'
import { temporaryFolder, type Cleanable } from '../../../support/temporary.ts'

export const agree = async (): Promise<void> => undefined

export type Rotate = (options?: Omit<RotateOptions, 'folder'>) => Promise<RotationReport>

/** What a person would say and do, in this order, from the beginning to the end. */
export const COURSE: readonly Omit<RotateOptions, 'folder'>[] = [
  { next: { commonName: 'B' } },
  { phase: 'trust', confirm: ['alice'] },
  { phase: 'trust', confirm: ['bob'], confirmServer: ['server'] },
  { phase: 'server', confirmServer: ['server'] },
  { phase: 'clients', confirm: ['alice', 'bob'], consent: agree },
  { phase: 'finish', confirmServer: ['server'] },
]

export async function made(
  t: Cleanable,
  passphrase?: string,
): Promise<{
  root: string
  folder: PkiFolder
  rotate: Rotate
}> {
  const root = join(await temporaryFolder(t), 'keys')
  const folder = new PkiFolder(root)
  const secret = passphrase === undefined ? {} : { passphrase }
  await folder.ensureAuthority({ commonName: 'A', ...secret })
  await folder.ensureServer(['build01.example.com', '10.0.0.4'], secret)
  await folder.ensureClient('alice', { days: 90, ...secret })
  await folder.ensureClient('bob', secret)
  return { root, folder, rotate: (options = {}) => rotateAuthority({ folder: root, ...secret, ...options }) }
}

/** A folder as it is before that step of the course. */
export async function madeUpTo(index: number, t: Cleanable): Promise<string> {
  const { root, rotate } = await made(t)
  for (const said of COURSE.slice(0, index)) await rotate(said)
  return root
}

export async function copyOf(start: string, t: Cleanable): Promise<{ root: string; rotate: Rotate }> {
  const root = join(await temporaryFolder(t), 'keys')
  await fs.cp(start, root, { recursive: true })
  return { root, rotate: (options = {}) => rotateAuthority({ folder: root, ...options }) }
}

/** Locks and temporary files end with their process; this one lives on. */
export async function unlock(root: string): Promise<void> {
  for (const lock of ['rotation', 'ledger', 'crl']) await fs.rm(join(root, `ca/.${lock}.lock`), { force: true })
  for (const path of await fs.readdir(root, { recursive: true })) {
    if (!path.includes(`-${process.pid}-`)) continue
    const gone = path.replace(/\.[0-9a-f]{8}-\d+-/, '.')
    await fs.rename(join(root, path), join(root, gone)).catch(() => undefined)
  }
}

/** Goes on from wherever it is, as a person would by --status: to the end. */
export async function finish(root: string, rotate: Rotate): Promise<void> {
  let report = await goOn(root, rotate)
  for (let round = 0; report !== undefined && report.outcome !== 'ended'; round++) {
    if (round > 5) throw new Error('it does not come to its end')
    const { phase, waiting } = report
    report = await rotate({
      phase,
      confirm: waiting.clients.map(({ name }) => name),
      confirmServer: waiting.servers.map(({ name }) => name),
      consent: agree,
    })
  }
}

/** What was not made yet is made first: nobody can have it. Gives nothing where the rotation has ended. */
async function goOn(root: string, rotate: Rotate): Promise<RotationReport | undefined> {
  const isUnderWay = await rotate({ action: 'status' }).then(
    () => true,
    () => false,
  )
  if (isUnderWay) return rotate()
  const authority = new X509Certificate(await fs.readFile(join(root, 'ca/ca.pem')))
  return authority.subject === 'CN=B' ? undefined : rotate({ next: { commonName: 'B' } })
}
