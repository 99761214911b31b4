import { containerCheck, daemonCheck, type Check } from '../../../lib/audit/check.ts'
import { SNAPSHOT, SNAPSHOT_FORMAT, type Snapshot } from '../../../lib/audit/snapshot/snapshot.ts'
import { fail, notApplicable, pass, reported, unknown, warn } from '../../../lib/audit/verdict.ts'

export const TARGET = 'tcp://build01.example.com:2376'

/** A container as a snapshot has it; `inspect` is what the daemon says about it. */
export interface Given {
  readonly id?: string
  readonly name: string
  readonly inspect?: Readonly<Record<string, unknown>>
}

/** A snapshot as it is saved. Parts that aren't given are unknown, those that every audit needs are empty. */
export function rawSnapshot(
  containers: readonly Given[] = [],
  parts: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const others = Object.keys(SNAPSHOT.shape).map((name) => [name, { unknown: 'not collected' }])
  return {
    ...(Object.fromEntries(others) as object),
    format: SNAPSHOT_FORMAT,
    at: '2026-11-27T02:00:00.000Z',
    target: TARGET,
    apiVersion: '1.45',
    infoAt: Date.parse('2026-11-27T02:00:00.000Z'),
    version: { value: { Version: '26.1.5' } },
    info: { value: { Debug: false } },
    networks: { value: [] },
    volumes: { value: [] },
    host: null,
    ...parts,
    containers: {
      value: containers.map(({ name, id = `id of ${name}`, inspect = {} }) => ({
        id,
        name,
        inspect: { value: inspect },
        execs: { value: [] },
        commands: { value: [] },
      })),
    },
    ...('containers' in parts && { containers: parts['containers'] }),
  }
}

export function makeSnapshot(...given: Parameters<typeof rawSnapshot>): Snapshot {
  return SNAPSHOT.parse(rawSnapshot(...given))
}

export const PRIVILEGED = { HostConfig: { Privileged: true } }
export const UNPRIVILEGED = { HostConfig: { Privileged: false } }

const FACTS = {
  cis: { '1.6': ['5.5'], '1.8': ['5.5'] },
  why: 'An attacker <b>could</b> become root.',
  remedy: 'Set `a | b`, and restart the daemon.',
  references: ['https://docs.docker.com/engine/security/'],
} as const

/** Checks of all statuses, so that the tests don't depend on those that exist. */
export const SAMPLES: readonly Check[] = [
  daemonCheck({
    ...FACTS,
    id: 'T-DEBUG',
    title: 'Debug mode is off',
    family: 'daemon',
    severity: 'low',
    cis: { '1.8': ['2.2'] },
    needs: ['info'],
    test: ({ info }) => (reported(info.Debug, 'info.Debug') ? fail('Debug: true') : pass()),
  }),
  containerCheck({
    ...FACTS,
    id: 'T-PRIV',
    title: 'The container is not privileged',
    severity: 'critical',
    test: ({ HostConfig }) =>
      reported(HostConfig?.Privileged, 'HostConfig.Privileged') ? fail('Privileged: true') : pass(),
  }),
  containerCheck({
    ...FACTS,
    id: 'T-USER',
    title: 'The container has a user',
    severity: 'high',
    cis: {},
    test: ({ Config }) => {
      if (Config?.User === 'nobody can know') return unknown('its user is unknown')
      if (Config?.User === 'nobody has to') return notApplicable('it has no processes')
      return Config?.User === undefined ? pass() : warn(`User: ${Config.User}`)
    },
  }),
]
