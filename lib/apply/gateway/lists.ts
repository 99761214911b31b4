import type { X509Certificate } from 'node:crypto'
import { formatDate } from '../../base/dates.ts'
import { command, ours, sentence, type Sentence } from '../../base/sentence.ts'
import { enumerate } from '../../base/text.ts'
import type { Warning } from '../../base/warning.ts'
import { IN_FORCE_PATH, parseInForce } from '../../daemon-config/gateway-in-force.ts'
import type { HostFacts } from '../../host/facts.ts'
import { STATE_FOLDER, type FactCall } from '../../host/facts-script.ts'
import { certificatesIn, openCertificate, readCertificate, splitPem } from '../../identity/certificate.ts'
import { publicKeyInfo } from '../../identity/structure.ts'
import {
  isCurrent,
  mayLack,
  newestList,
  numberOf,
  readRevocationLists,
  type RevocationList,
} from '../../identity/crl.ts'
import type { Conflict } from '../conflicts.ts'
import { GATEWAY_FILES, gatewayFlags, GATEWAY_USER, listsOf } from './files.ts'
import { filesNotInForce } from './in-force.ts'
import { parseGatewayState } from './state.ts'

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
 * Finds requested lists that may lack what those in force revoke, such as older ones. Nothing overrides this. The
 * numbers of our CAs grow with the time, also after a backup of the CA was restored, so that the newest list is always accepted.
 */
export function olderLists({ before, next, ca }: ChangedLists): Conflict[] {
  if (before === undefined || next === undefined || before === next) return []
  const [old, requested] = [readLists(before), readLists(next)]
  const cas = splitPem(ca).map((pem) => openCertificate(pem))
  return cas.flatMap((one) => {
    const [last, list] = [newestList(old, one), newestList(requested, one)]
    return last && list && mayLack(list, last, Date.now()) ? [conflictOf(list, last)] : []
  })
}

/**
 * Finds lists on disk that a running gateway doesn't use, such as one that is older than the one in force. Every restart, also that of
 * a failed apply, would put them in force. Only the gateway can say which list is newer, so that nothing overrides this.
 */
export function unusedLists(facts: HostFacts): Conflict[] {
  return (filesNotInForce(facts, listsThere(facts)) ?? []).map(unusedList)
}

/** Warns of lists that a running gateway may not use as they are: it doesn't say what it uses, since it couldn't write that. */
export function unknownLists(facts: HostFacts): Warning[] {
  const there = listsThere(facts)
  const isActive = parseGatewayState(facts.fact('gateway')).active === 'active'
  if (!isActive || there.length === 0 || filesNotInForce(facts, there) !== undefined) return []
  const text = `The running gateway doesn't say which revocation list it uses. If that is newer than ${enumerate(there)}, revoked certificates work again once it restarts.`
  return [{ code: 'list-unknown', text }]
}

function listsThere(facts: HostFacts): string[] {
  return listsOf(gatewayFlags(facts)).filter((path) => facts.file(path) !== undefined)
}

/** The conflict for a revocation list that a restart would put in force. */
export function unusedList(path: string): Conflict {
  return {
    code: 'ERR_APPLY_CONFLICT',
    kind: 'older-list',
    what: path,
    got: "the running gateway doesn't use this revocation list as it is, and after a restart it would: revoked certificates could work again",
    todo: sentence`${NEWEST_LIST}  If it is there already, let the gateway read it:  ${command('chgrp', GATEWAY_USER, path)}  and  ${command('chmod', '640', path)}`,
  }
}

const NEWEST_LIST: Sentence = sentence`Write the newest list on the machine with the CA, then copy it there:  ${ours('cert', 'crl')}`

/** The fact whether an apply or a removal that can be rolled back knows a revocation list. */
export const KNOWN_LIST_QUESTION: FactCall = [
  'said',
  'known-list',
  'grep',
  '-rhsxE',
  '--include=entries',
  `[-0-9]+ ${GATEWAY_FILES.crl}`,
  STATE_FOLDER,
]

/**
 * Has a gateway had a revocation list here? Its unit names one, or it says that it has used one. If the gateway was removed, what is
 * kept for rollbacks tells.
 */
export function hadList(facts: HostFacts): boolean {
  const flags = gatewayFlags(facts)
  const inForce = parseInForce(facts.file(IN_FORCE_PATH)?.text)
  return (
    flags.crl.length > 0 || listsOf(flags).some((path) => inForce?.sums.has(path)) || facts.fact('known-list') !== ''
  )
}

/** Finds a list that the gateway has had, and that is gone: without one, it would forget who was revoked. Nothing overrides this. */
export function lostLists(facts: HostFacts, requested: string | undefined): Conflict[] {
  const { crl } = GATEWAY_FILES
  if (!hadList(facts) || requested !== undefined || facts.file(crl)?.text !== undefined) return []
  return [
    {
      code: 'ERR_APPLY_CONFLICT',
      kind: 'lost-list',
      what: crl,
      got: "a gateway here has had this revocation list, which is gone or can't be read. Without one, revoked certificates would work again",
      todo: sentence`Where the CA is, write it again:  ${ours('cert', 'crl')}  Then name it with --crl; setup finds it by itself.`,
    },
  ]
}

/** A gateway that never had a list accepts who was revoked. */
export const NO_LIST: Sentence = sentence`No revocation list is in use: a revoked certificate works until it expires. Where the CA is, write one:  ${ours('cert', 'crl')}  Then name it with --crl; setup finds it by itself.`

/**
 * The names of the CAs of which there is no list that is current. A CA that isn't valid now needs none, and neither does the issuer,
 * which counts as a CA of its renewals alone.
 */
export function casWithoutList({ ca, issuer, lists }: ListedFiles, now: number): string[] {
  const known = lists.flatMap((text) => readLists(text ?? ''))
  const [own] = splitPem(issuer ?? '').map((pem) => openCertificate(pem))
  return splitPem(ca)
    .map((pem) => openCertificate(pem))
    .filter((one) => own === undefined || one.subject !== own.subject || !hasKeyOf(own, one))
    .flatMap((one) => {
      const { commonName, subject, validFrom, validTo } = readCertificate(one)
      if (validTo.getTime() < now || validFrom.getTime() > now) return []
      const list = newestList(known, one)
      return list !== undefined && isCurrent(list, now) ? [] : [commonName ?? subject]
    })
}

const hasKeyOf = (own: X509Certificate, other: X509Certificate): boolean =>
  Buffer.compare(publicKeyInfo(own.raw), publicKeyInfo(other.raw)) === 0

/** The list of a CA, from its issue to its end. */
export interface ListPeriod {
  /** The name of the CA. */
  readonly ca: string
  readonly from: Date
  readonly to: Date
  /** Does it expire with its CA? */
  readonly endsWithCa: boolean
}

/** When the newest list of each CA expires. */
export function periodsOfLists({ ca, lists }: Pick<ListedFiles, 'ca' | 'lists'>): ListPeriod[] {
  const known = lists.flatMap((text) => readLists(text ?? ''))
  return certificatesIn(ca).flatMap((one) => {
    const { thisUpdate: from, nextUpdate: to } = newestList(known, one) ?? {}
    if (from === undefined || to === undefined) return []
    const { commonName, subject, validTo } = readCertificate(one)
    return [{ ca: commonName ?? subject, from, to, endsWithCa: to >= validTo }]
  })
}

/** What becomes of a gateway whose list expires before its CA, and what prevents it. */
export function listEnds({ ca, to }: ListPeriod): Sentence {
  return sentence`The revocation list of the CA ${ca} is valid until ${formatDate(to)}. After that, the gateway refuses every client of this CA. To write one that is valid as long as the CA, where the CA is:  ${ours('cert', 'crl')}  Then copy ca/crl.pem to ${GATEWAY_FILES.crl} on this host.`
}

/** Files of a gateway, as PEM. */
interface ListedFiles {
  readonly ca: string
  readonly issuer: string | undefined
  readonly lists: readonly (string | undefined)[]
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
    got: `the revocation list ${about(list)} is no newer than the one in force (${about(last)}), and may lack certificates that were revoked since`,
    todo: NEWEST_LIST,
  }
}

function about(list: RevocationList): string {
  return `${numberOf(list)} of ${list.thisUpdate.toISOString().slice(0, 19)}Z`
}
