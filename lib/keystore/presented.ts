import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { readIfThere } from '../base/files.ts'
import { readCertificate, type CertificateFacts } from '../identity/certificate.ts'
import { OWN_NAMES } from '../pki/server-name.ts'
import { caPaths } from './layout.ts'
import { PRESENTED } from './leaf-files.ts'
import { readLedger } from './ledger.ts'
import type { LedgerEntry } from './ledger-line.ts'
import { serverPlaces } from './list.ts'
import { readRecord, writeRecord } from './record-file.ts'

/*
 * What the folder knows of a server is what it has issued. While the server presents an older certificate, a file beside the
 * newer one says which: written when a certificate is replaced, or when a connection shows an older one, and removed when a
 * connection shows the newest. Without that file, nothing is known against the newest one.
 */

/** A certificate that a server presents instead of the newest one. */
export type PresentedCertificate = Pick<LedgerEntry, 'fingerprint256' | 'serial' | 'notBefore' | 'notAfter'>

/** @returns undefined if nothing is known against the newest certificate, or if the file is damaged */
export function readPresented(folder: string): Promise<PresentedCertificate | undefined> {
  return readRecord(join(folder, PRESENTED), isPresented)
}

/** Notes a certificate that is about to be replaced, unless the server is known to present an even older one. */
export async function noteReplaced(folder: string, facts: CertificateFacts): Promise<void> {
  if ((await readPresented(folder)) !== undefined) return
  const { fingerprint256, serialNumber: serial, validFrom, validTo } = facts
  const dates = { notBefore: validFrom.toISOString(), notAfter: validTo.toISOString() }
  await writePresented(folder, { fingerprint256, serial, ...dates })
}

/** A server's newest certificate was delivered. */
export async function noteDelivered(folder: string): Promise<void> {
  await fs.rm(join(folder, PRESENTED), { force: true })
}

/**
 * Notes that a server has presented a certificate. One that isn't of this folder is ignored.
 *
 * @param fingerprint256 - that of its certificate
 */
export async function noteSeen(root: string, fingerprint256: string): Promise<void> {
  const servers = await Promise.all(
    (await serverPlaces(root)).map(async ({ paths }) => ({
      folder: paths.folder,
      own: await certificateIn(paths.cert),
    })),
  )
  const newest = servers.find(({ own }) => own?.fingerprint256 === fingerprint256)
  if (newest !== undefined) return noteDelivered(newest.folder)
  const entries = await readLedger(caPaths(root).ledger)
  const entry = entries.find((one) => one.kind === 'server' && one.fingerprint256 === fingerprint256)
  if (entry === undefined) return
  const names = new Set(entry.sans.filter((name) => !OWN_NAMES.includes(name)))
  const [server, ...others] = servers.filter(({ own }) => own && namesIn(own).some((name) => names.has(name)))
  if (server !== undefined && others.length === 0) await writePresented(server.folder, entry)
}

function namesIn({ names: { dns, ip } }: CertificateFacts): string[] {
  return [...dns, ...ip]
}

/** None if the file is missing or damaged: {@link listCertificates} shows that. */
async function certificateIn(path: string): Promise<CertificateFacts | undefined> {
  try {
    return readCertificate((await readIfThere(path)) ?? '', path)
  } catch {
    return undefined
  }
}

function writePresented(
  folder: string,
  { fingerprint256, serial, notBefore, notAfter }: PresentedCertificate,
): Promise<void> {
  return writeRecord(join(folder, PRESENTED), { fingerprint256, serial, notBefore, notAfter })
}

function isPresented(value: unknown): value is PresentedCertificate {
  if (typeof value !== 'object' || value === null) return false
  const { fingerprint256, serial, notBefore, notAfter } = value as Record<string, unknown>
  const isText = [fingerprint256, serial].every((one) => typeof one === 'string')
  return isText && [notBefore, notAfter].every((one) => typeof one === 'string' && !Number.isNaN(Date.parse(one)))
}
