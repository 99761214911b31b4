import { containerCheck, type Check } from '../check.ts'
import { cisItems, dockerDocs } from '../container/documents.ts'
import { isPinned, tagOf } from '../container/image-reference.ts'
import { secretNames } from '../container/secret-names.ts'
import { infoOf } from '../container/user-namespace.ts'
import { fail, notApplicable, pass, reported, unknown, warn } from '../verdict.ts'

const readOnly = containerCheck({
  id: 'C-RO',
  title: 'The root file system of the container is read-only',
  severity: 'medium',
  cis: cisItems('5.13'),
  why: 'In a writable container, attackers can replace its programs and install their own. In a read-only one, they can write only to the folders that you allow.',
  remedy: 'Create the container again with --read-only, and with --tmpfs PATH for each folder that it writes to.',
  references: [dockerDocs('reference/cli/docker/container/run/#read-only')],
  test: ({ HostConfig }) =>
    reported(HostConfig?.ReadonlyRootfs, 'HostConfig.ReadonlyRootfs') ? pass() : fail('ReadonlyRootfs: false'),
})

const health = containerCheck({
  id: 'C-HEALTH',
  title: 'The daemon checks the health of the container',
  severity: 'low',
  cis: cisItems('5.27', '4.6'),
  why: 'Without a healthcheck, a container counts as running even if its service hangs, or if an attacker has stopped or replaced it.',
  remedy: 'Add HEALTHCHECK to the Dockerfile, or create the container again with --health-cmd.',
  references: [dockerDocs('reference/dockerfile/#healthcheck')],
  windows: true,
  test: ({ Config, State }) => {
    const { Test = [] } = reported(Config?.Healthcheck, 'Config.Healthcheck')
    const status = State?.Health?.Status ?? ''
    if (Test.length === 0) return warn('no healthcheck')
    return Test[0] === 'NONE'
      ? warn('the healthcheck is disabled')
      : pass(status === '' ? undefined : `health: ${status}`)
  },
})

const tag = containerCheck({
  id: 'C-TAG',
  title: 'The container uses a fixed version of its image',
  severity: 'low',
  cis: cisItems('5.28'),
  why: 'The tag latest moves with each release. You cannot tell which version runs and which vulnerabilities it has, and another host may run a different one.',
  remedy: 'Create the container again with a version or a digest: NAME:1.2.3 or NAME@sha256:...',
  references: [dockerDocs('build/building/best-practices/#pin-base-image-versions')],
  windows: true,
  test: ({ Config, Image }) => {
    const reference = reported(Config?.Image, 'Config.Image')
    if (isOwnId(reference, Image) || reference.includes('@')) return pass(reference)
    return tagOf(reference) === 'latest' ? warn(reference) : pass(reference)
  },
})

const drift = containerCheck({
  id: 'C-DRIFT',
  title: 'The container runs the image that its tag refers to now',
  severity: 'medium',
  cis: cisItems('5.28'),
  why: 'A newer image with the same tag is on the host, but the container still runs the old one. Attackers can use vulnerabilities that the new image has fixed.',
  remedy:
    'Create the container again from the current image: docker compose up -d, or docker run with the same options.',
  references: [dockerDocs('reference/cli/docker/image/pull/')],
  windows: true,
  test: ({ Config, Image }, _, { listedImage }) => {
    const reference = reported(Config?.Image, 'Config.Image')
    if (isPinned(reference) && (isOwnId(reference, Image) || reference.includes('@'))) {
      return notApplicable('the container names its image by digest or id')
    }
    // The daemon lists the id instead of the tag if the tag names another image, or none (moby, daemon/list.go).
    const isListed = reported(listedImage, 'Image of the list') === reference
    return isListed ? pass() : warn(`${reference} now refers to another image, or to none`)
  },
})

const secrets = containerCheck({
  id: 'C-ENV',
  title: 'No environment variable of the container holds a secret',
  severity: 'medium',
  cis: cisItems('4.10'),
  why: 'Anyone who may inspect the container can read its variables, and so can every process in it. They also end up in logs and crash reports.',
  remedy: 'Mount the secret as a file, and pass its path: POSTGRES_PASSWORD_FILE=/run/secrets/password.',
  references: [dockerDocs('compose/how-tos/use-secrets/'), dockerDocs('engine/swarm/secrets/')],
  windows: true,
  test: ({ Config }) => {
    const { certain, possible } = secretNames(reported(Config?.Env, 'Config.Env'))
    if (certain.length > 0) return fail([...certain, ...possible].join(', '))
    return possible.length > 0 ? warn(possible.join(', ')) : pass()
  },
})

/** Servers that let people log in over the network. Names in /proc/PID/comm have at most 15 characters. */
const LOGIN_SERVERS: ReadonlySet<string> = new Set([
  'sshd',
  'sshd-session',
  'sshd-auth',
  'dropbear',
  'tinysshd',
  'telnetd',
  'in.telnetd',
  'rlogind',
  'in.rlogind',
  'rshd',
  'in.rshd',
])

const sshServer = containerCheck({
  id: 'C-SSHD',
  title: 'No SSH server runs in the container',
  severity: 'medium',
  cis: cisItems('5.7'),
  why: 'An SSH server gives attackers one more way in, with keys and passwords of its own, which are rarely rotated. It also needs more privileges than the service.',
  remedy: 'Remove the SSH server from the image. Use docker exec to look into the container.',
  references: [dockerDocs('reference/cli/docker/container/exec/')],
  onlyRunning: true,
  test: (_, __, { commands }) => {
    if ('unknown' in commands) return unknown(commands.unknown)
    const found = commands.value.filter((name) => LOGIN_SERVERS.has(name))
    if (found.length > 0) return fail(found.join(', '))
    return commands.value.length > 0 ? pass() : unknown('the daemon listed no process')
  },
})

const stale = containerCheck({
  id: 'D-STALE-C',
  title: 'The container was started after the current engine was built',
  severity: 'high',
  cis: {},
  why: 'With live restore, containers survive an upgrade of the engine. Those that were started before it keep what the old runc and the old seccomp profile set up, so attackers can use flaws that the upgrade has fixed.',
  remedy: 'docker restart NAME',
  references: [dockerDocs('engine/daemon/live-restore/'), dockerDocs('engine/security/seccomp/')],
  onlyRunning: true,
  windows: true,
  test: ({ State }, snapshot) => {
    const { version } = snapshot
    const built = momentOf('value' in version ? version.value.BuildTime : undefined, 'version.BuildTime')
    const started = momentOf(State?.StartedAt, 'State.StartedAt')
    if (started >= built) return pass()
    const survives = reported(infoOf(snapshot)?.LiveRestoreEnabled, 'info.LiveRestoreEnabled')
    const detail = `started ${new Date(started).toISOString()}, engine built ${new Date(built).toISOString()}`
    // Without live-restore, the upgrade would have ended it: one of the clocks was wrong, or the setting was changed since.
    return survives ? fail(detail) : warn(detail)
  },
})

function isOwnId(reference: string, image: string | undefined): boolean {
  const id = (image ?? '').replace(/^sha256:/, '')
  return isPinned(reference) && id.startsWith(reference.replace(/^sha256:/, ''))
}

/** In milliseconds. Go sends nanoseconds, which Date.parse accepts. */
function momentOf(text: string | undefined, field: string): number {
  const moment = Date.parse(reported(text, field))
  return reported(Number.isNaN(moment) || moment <= 0 ? undefined : moment, field)
}

/** What a container was made of, and how it was started. */
export const CONTAINER_IMAGE: readonly Check[] = [readOnly, health, tag, drift, secrets, sshServer, stale]
