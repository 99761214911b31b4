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
  why: 'An attacker in a writable container replaces its programs, and installs his own. In a read-only one, he has only the folders that you allow.',
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
  why: 'Without a healthcheck, a container counts as running although its service is stuck, or was replaced.',
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
  title: 'The container names a certain version of its image',
  severity: 'low',
  cis: cisItems('5.28'),
  why: 'The tag latest names another image after each release. Nobody can tell which version runs, and a restart on another host runs a different one.',
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
  title: 'The container runs the image that its tag names now',
  severity: 'medium',
  cis: cisItems('5.28'),
  why: 'A newer image with the same tag is on the host, but the container still runs the old one: fixes in the new image have no effect.',
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
    return isListed ? pass() : warn(`${reference} names another image now, or none`)
  },
})

const secrets = containerCheck({
  id: 'C-ENV',
  title: 'No environment variable of the container holds a secret',
  severity: 'medium',
  cis: cisItems('4.10'),
  why: 'Everyone who may inspect the container reads its variables, and so does every process in it. They also end up in logs and crash reports.',
  remedy: 'Mount the secret as a file, and name the file: POSTGRES_PASSWORD_FILE=/run/secrets/password.',
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
  why: 'An SSH server is one more way in, with keys and passwords of its own, which nobody rotates. It also needs more privileges than the service.',
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
  title: 'The container was started after its engine was built',
  severity: 'high',
  cis: {},
  why: 'With live-restore, containers survive an upgrade of the engine. Those that were started before still run under the old runc and the old seccomp profile, without the fixes of the upgrade.',
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
