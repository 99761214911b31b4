import type { GatewayFlags } from '../../../daemon-config/gateway-unit.ts'
import { tlsFilesIn } from '../../../daemon-config/options.ts'
import { isBelow } from '../../../daemon-config/unit/service.ts'
import type { HostFile } from '../../../host/fact-records.ts'
import { lines, type HostFacts } from '../../../host/facts.ts'
import type { Change } from '../../changes.ts'
import { isOwn, type Originals } from '../../remove/originals.ts'
import { remove } from '../../remove/targets.ts'
import { GATEWAY_FILES, GATEWAY_FOLDER, GATEWAY_USER, UNIT_PATH } from '../files.ts'

/** Where systemd puts the audit log. */
export const LOG_FOLDER = '/var/log/docker-mtls'

/** A gateway on its host. */
export interface InstalledGateway {
  readonly facts: HostFacts
  /** The flags in its unit. */
  readonly flags: GatewayFlags
  readonly originals: Originals
  /** The folder of dockerd's TLS files, if it has any. */
  readonly tlsDir: string | undefined
}

/** The files that go, and what stays. */
export interface GatewayFilesLeft {
  readonly changes: readonly Change[]
  readonly stays: readonly string[]
}

/** Decides what becomes of each file. Only files that `gateway apply` writes are removed. */
export function filesLeft(gateway: InstalledGateway): GatewayFilesLeft {
  const { facts } = gateway
  const known = [UNIT_PATH, ...Object.values(GATEWAY_FILES)].flatMap((path) => facts.file(path) ?? [])
  const kept = known.flatMap((file) => {
    const why = whyKept(file, gateway)
    return why === undefined ? [] : [{ path: file.path, why }]
  })
  const removed = known.filter(({ path }) => !kept.some((one) => one.path === path))
  const seen = new Set(known.map(({ path }) => path))
  const others = [...new Set([...entriesOf(facts), ...namedOutside(gateway.flags)])].filter((path) => !seen.has(path))
  return {
    changes: removed.map(remove),
    stays: [
      ...kept.map(({ path, why }) => `${path}: ${why}`),
      ...others.map((path) => `${path}: ${FOREIGN}`),
      ...(facts.fact('gateway-log') === '' ? [] : [`${LOG_FOLDER}: the audit log`]),
      ...(facts.fact('gateway-user') === '' ? [] : [`the user ${GATEWAY_USER} and its group: the audit log is theirs`]),
    ],
  }
}

const FOREIGN = 'docker-mtls has not put it there'

function whyKept(file: HostFile, { facts, originals, tlsDir }: InstalledGateway): string | undefined {
  const { path } = file
  if (facts.fact(`odd:${path}`) !== '') return FOREIGN
  if (tlsDir !== undefined && Object.values(tlsFilesIn(tlsDir)).includes(path)) return 'dockerd uses it'
  // Without its unit, no gateway starts, and a list is a copy of the newest one, which is where the CA is.
  if (path === UNIT_PATH || path === GATEWAY_FILES.crl || isOwn(file, originals)) return undefined
  return originals.written.has(path)
    ? 'somebody has changed it since  gateway apply  has written it'
    : 'it is unknown whether somebody has changed it'
}

function entriesOf({ fact }: HostFacts): string[] {
  return lines(fact('gateway-entries')).map((name) => `${GATEWAY_FOLDER}/${name}`)
}

/** Files outside of the folder, which the unit names. */
function namedOutside({
  from = GATEWAY_FOLDER,
  policy = GATEWAY_FILES.policy,
  crl,
  issuer = GATEWAY_FOLDER,
}: GatewayFlags): string[] {
  const named = [...Object.values(tlsFilesIn(from)), policy, ...crl, issuer]
  const isInFolder = isBelow([GATEWAY_FOLDER])
  return named.filter((path) => !isInFolder(path))
}
