import { isLoopback } from '../addresses.ts'
import { daemonCheck, type Check } from '../check.ts'
import { compare, parseVersion } from '../cve/compare.ts'
import { known } from '../cve/judge.ts'
import { fail, notApplicable, pass, reported, unknown, warn } from '../verdict.ts'

const DAEMON_JSON = 'https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file'

const debug = daemonCheck({
  id: 'D-DEBUG',
  title: 'Debug mode is off',
  family: 'daemon',
  severity: 'low',
  cis: { '1.6': ['2.3'], '1.8': ['2.3'] },
  why: 'In debug mode, the daemon logs the content of requests. Anyone who can read its logs finds secrets there, such as the environment variables of new containers.',
  remedy: 'Set "debug": false in daemon.json, or remove -D from the command line of dockerd, and restart the daemon.',
  fix: { settings: { debug: false } },
  references: ['https://docs.docker.com/engine/daemon/logs/#enable-debugging'],
  needs: ['info'],
  test: ({ info }) => (reported(info.Debug, 'info.Debug') ? fail('Debug: true') : pass()),
})

const experimental = daemonCheck({
  id: 'D-EXP',
  title: 'Experimental features are off',
  family: 'daemon',
  severity: 'low',
  cis: { '1.6': ['2.18'], '1.8': ['2.19'] },
  why: 'Experimental features are less tested, and enable API calls that are disabled otherwise, such as checkpoints. Their flaws give attackers more ways to the host.',
  remedy: 'Set "experimental": false in daemon.json, and restart the daemon.',
  fix: { settings: { experimental: false } },
  references: [DAEMON_JSON],
  needs: ['info'],
  test: ({ info }) =>
    reported(info.ExperimentalBuild, 'info.ExperimentalBuild') ? fail('ExperimentalBuild: true') : pass(),
})

const liveRestore = daemonCheck({
  id: 'D-LIVE',
  title: 'Containers keep running while the daemon restarts',
  family: 'daemon',
  severity: 'low',
  cis: { '1.6': ['2.15'], '1.8': ['2.16'] },
  why: 'Without live restore, an upgrade of the daemon stops all containers, so people postpone upgrades and attackers can use known vulnerabilities. With it, containers keep running, but also keep the runc and the seccomp profile that they were started with.',
  remedy: 'Set "live-restore": true in daemon.json, and run systemctl reload docker.',
  fix: { settings: { 'live-restore': true }, apply: ['--live-restore'] },
  references: ['https://docs.docker.com/engine/daemon/live-restore/'],
  needs: ['info'],
  test: ({ info }) => {
    if (reported(info.LiveRestoreEnabled, 'info.LiveRestoreEnabled')) return pass()
    if (info.OSType === 'windows') return notApplicable('Windows has no live restore')
    if (reported(info.Swarm?.LocalNodeState, 'info.Swarm.LocalNodeState') === 'active')
      return notApplicable('a node of a swarm cannot use live restore')
    return warn('LiveRestoreEnabled: false')
  },
})

/** Their messages stay on the host. */
const LOCAL_DRIVERS: ReadonlySet<string> = new Set(['json-file', 'local'])

const logging = daemonCheck({
  id: 'D-LOG',
  title: 'Container logs leave the host by default',
  family: 'daemon',
  severity: 'low',
  cis: { '1.6': ['2.13'], '1.8': ['2.14'] },
  why: 'An attacker who becomes root on the host can delete logs that exist only there. Removing a container also deletes its logs.',
  remedy:
    'Set "log-driver" in daemon.json to journald, syslog, fluentd or another driver that your log collection reads, and restart the daemon.',
  fix: {
    settings: { 'log-driver': 'journald' },
    trap: 'Containers keep their log driver until they are created again. The options of the old driver, in log-opts, may not exist for the new one.',
  },
  references: ['https://docs.docker.com/engine/logging/configure/'],
  needs: ['info'],
  test: ({ info }) => {
    const driver = reported(info.LoggingDriver, 'info.LoggingDriver')
    const detail = `LoggingDriver: ${driver}`
    if (driver === '') return unknown('the daemon did not report info.LoggingDriver')
    if (driver === 'none') return fail(detail)
    return LOCAL_DRIVERS.has(driver) ? warn(detail) : pass(detail)
  },
})

const insecureRegistries = daemonCheck({
  id: 'D-INSECREG',
  title: 'The daemon verifies the certificate of every registry',
  family: 'daemon',
  severity: 'high',
  cis: { '1.6': ['2.5'], '1.8': ['2.5'] },
  why: 'Without a verified TLS connection, an attacker between the host and the registry can replace images with their own, and read the credentials of the registry.',
  remedy:
    'Save the CA certificate of the registry as /etc/docker/certs.d/HOST:PORT/ca.crt, remove the registry from "insecure-registries" in daemon.json, use https:// in "registry-mirrors", and run systemctl reload docker.',
  fix: {
    settings: { 'insecure-registries': null },
    trap: 'Images of these registries cannot be pulled until the certificates of their CAs are in /etc/docker/certs.d. Mirrors with http:// stay: change "registry-mirrors" yourself. Since Docker 29.10, registries on the host itself need TLS only while this list exists.',
  },
  references: ['https://docs.docker.com/engine/security/certificates/'],
  needs: ['info'],
  test: ({ info }) => {
    const { InsecureRegistryCIDRs, IndexConfigs } = info.RegistryConfig ?? {}
    const ranges = reported(InsecureRegistryCIDRs, 'info.RegistryConfig.InsecureRegistryCIDRs')
    const registries = Object.entries(reported(IndexConfigs, 'info.RegistryConfig.IndexConfigs'))
    const named = registries.filter(
      ([name, { Secure }]) => !reported(Secure, `info.RegistryConfig.IndexConfigs.${name}`),
    )
    const insecure = [...ranges, ...named.map(([name]) => name)].filter((name) => !isLoopback(name))
    const mirrors = registries.flatMap(([, { Mirrors }]) => Mirrors ?? []).filter(isPlaintext)
    if (insecure.length + mirrors.length > 0) return fail([...insecure, ...mirrors].join(', '))
    for (const [name, { Mirrors }] of registries) reported(Mirrors, `info.RegistryConfig.IndexConfigs.${name}.Mirrors`)
    return pass()
  },
})

/** A mirror without TLS: an attacker on the network can replace its images. */
function isPlaintext(url: string): boolean {
  const [, host] = /^http:\/\/([^/]*)/i.exec(url) ?? []
  return host !== undefined && !isLoopback(host)
}

const proxyPassword = daemonCheck({
  id: 'D-PROXYCRED',
  title: 'The proxy URLs of the daemon contain no password',
  family: 'daemon',
  severity: 'medium',
  cis: {},
  why: 'The password is in the environment or the configuration of the daemon. Anyone who can read backups or logs of the host finds it. With an http:// proxy, it also crosses the network unencrypted.',
  remedy:
    'Let the proxy accept the host by its address or a client certificate, and remove USER:PASSWORD@ from "proxies" in daemon.json or from HTTP_PROXY and HTTPS_PROXY of the unit.',
  references: ['https://docs.docker.com/engine/daemon/proxy/', 'https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1'],
  needs: ['info'],
  test: ({ info }) => {
    const proxies = [reported(info.HttpProxy, 'info.HttpProxy'), reported(info.HttpsProxy, 'info.HttpsProxy')]
    const found = [...new Set(proxies.filter((url) => url.includes('@')))]
    if (found.length === 0) return pass()
    return found.every((url) => url.startsWith('https://')) ? warn(found.join(', ')) : fail(found.join(', '))
  },
})

/** The oldest API version that each engine serves unless DOCKER_MIN_API_VERSION says otherwise. The newest first. */
const OLDEST_APIS: ReadonlyArray<readonly [engine: string, api: string]> = [
  ['29.3.0', '1.40'],
  ['29.0.0', '1.44'],
  ['25.0.0', '1.24'],
]

const oldApis = daemonCheck({
  id: 'D-MINAPI',
  title: 'The daemon serves no retired API version',
  family: 'daemon',
  severity: 'low',
  cis: {},
  why: 'Old API versions use code paths that are hardly tested. Authorization plugins and proxies may not know such requests, and let an attacker through.',
  remedy: 'Remove DOCKER_MIN_API_VERSION from the environment of dockerd, and restart the daemon.',
  references: ['https://docs.docker.com/reference/api/engine/'],
  needs: ['version'],
  test: ({ version }) => {
    const oldest = reported(version.MinAPIVersion, 'version.MinAPIVersion')
    const engine = parseVersion(reported(version.Version, 'version.Version'))
    const served = parseVersion(oldest)
    if (!engine || !served) return unknown('the daemon reported a version that cannot be compared')
    const [, usual] = OLDEST_APIS.find(([first]) => compare(engine, known(first)) >= 0) ?? []
    if (usual === undefined || compare(served, known(usual)) >= 0) return pass(`MinAPIVersion: ${oldest}`)
    return warn(`MinAPIVersion: ${oldest}, by default ${usual}`)
  },
})

/** Settings of the daemon. */
export const DAEMON_SETTINGS: readonly Check[] = [
  debug,
  experimental,
  liveRestore,
  logging,
  insecureRegistries,
  proxyPassword,
  oldApis,
]
