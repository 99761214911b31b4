import type { X509Certificate } from 'node:crypto'
import { ours, sentence } from '../../base/sentence.ts'
import { openCertificate, splitPem } from '../../identity/certificate.ts'
import { numberOf, readRevocationLists, type RevocationList } from '../../identity/crl.ts'
import type { Conflict } from '../conflicts.ts'
import { GATEWAY_FILES } from './files.ts'

/** What could make a gateway forget who was revoked. */
export interface ChangedLists {
  /** The lists in force, as PEM. */
  readonly before: string | undefined
  /** The requested ones. */
  readonly next: string | undefined
  /** The CAs, as PEM. */
  readonly ca: string
}

/**
 * Finds requested lists that are older than those in force: they may lack what was revoked since. Nothing overrides this. The
 * numbers of our CAs grow with the time, also after a backup of the CA was restored, so that the newest list is always accepted.
 */
export function olderLists({ before, next, ca }: ChangedLists): Conflict[] {
  if (before === undefined || next === undefined || before === next) return []
  const [old, requested] = [readLists(before), readLists(next)]
  const cas = splitPem(ca).map((pem) => openCertificate(pem))
  return cas.flatMap((one) => {
    const [last, now] = [newestOf(old, one), newestOf(requested, one)]
    return last !== undefined && now !== undefined && isOlder(now, last) ? [conflictOf(now, last)] : []
  })
}

/** What can't be read is reported elsewhere, or can't be compared. */
function readLists(pem: string): RevocationList[] {
  try {
    return readRevocationLists(pem)
  } catch {
    return []
  }
}

function newestOf(lists: readonly RevocationList[], ca: X509Certificate): RevocationList | undefined {
  return lists
    .filter((list) => list.isOf(ca))
    .toSorted((one, other) => Number(other.thisUpdate) - Number(one.thisUpdate))[0]
}

/** A list of the future was never in force: the clock of its CA was wrong. */
function isOlder(now: RevocationList, last: RevocationList): boolean {
  if (last.thisUpdate.getTime() > Date.now()) return false
  return now.thisUpdate < last.thisUpdate || numberOf(now) < numberOf(last)
}

function conflictOf(now: RevocationList, last: RevocationList): Conflict {
  return {
    code: 'ERR_APPLY_CONFLICT',
    kind: 'older-list',
    what: GATEWAY_FILES.crl,
    got: `the revocation list ${about(now)} is older than the one in force (${about(last)}), and may lack certificates that were revoked since`,
    todo: sentence`Copy the newest list of the CA here, as this shows it there:  ${ours('cert', 'crl')}`,
  }
}

function about(list: RevocationList): string {
  return `${numberOf(list)} of ${list.thisUpdate.toISOString().slice(0, 19)}Z`
}
