import { ours, sentence } from '../../base/sentence.ts'
import { openCertificate, splitPem } from '../../identity/certificate.ts'
import { isOlder, newestList, numberOf, readRevocationLists, type RevocationList } from '../../identity/crl.ts'
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
    const [last, list] = [newestList(old, one), newestList(requested, one)]
    return last && list && isOlder(list, last, Date.now()) ? [conflictOf(list, last)] : []
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

function conflictOf(list: RevocationList, last: RevocationList): Conflict {
  return {
    code: 'ERR_APPLY_CONFLICT',
    kind: 'older-list',
    what: GATEWAY_FILES.crl,
    got: `the revocation list ${about(list)} is older than the one in force (${about(last)}), and may lack certificates that were revoked since`,
    todo: sentence`Copy the newest list of the CA here, as this shows it there:  ${ours('cert', 'crl')}`,
  }
}

function about(list: RevocationList): string {
  return `${numberOf(list)} of ${list.thisUpdate.toISOString().slice(0, 19)}Z`
}
