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
  why: 'In debug mode, the daemon logs the content of requests, and serves its profiles on the API.',
  remedy: 'Set "debug": false in daemon.json, or remove -D from the command line of dockerd, and restart the daemon.',
  fix: { settings: { debug: false } },
  references: ['https://docs.docker.com/engine/daemon/logs/#enable-debugging'],
  needs: ['info'],
  test: ({ info }) => (reported(info.Debug, 'info.Debug') ? fail('Debug: true') : pass()),
})

const profiles = daemonCheck({
  id: 'D-PPROF',
  title: 'The API serves no profiles of the daemon',
  family: 'daemon',
  severity: 'low',
  cis: {},
  why: 'Whoever may send GET requests, such as a monitoring client behind an authorization plugin, reads the command line of dockerd and addresses in its memory, and slows it down by taking profiles.',
  remedy: 'Set "debug": false in daemon.json, or remove -D from the command line of dockerd, and restart the daemon.',
  fix: { settings: { debug: false } },
  references: ['https://docs.docker.com/engine/daemon/logs/#enable-debugging', 'https://pkg.go.dev/net/http/pprof'],
  needs: ['info'],
  test: ({ info }) => (reported(info.Debug, 'info.Debug') ? warn('Debug: true, so /debug/pprof/ is served') : pass()),
})

const experimental = daemonCheck({
  id: 'D-EXP',
  title: 'Experimental features are off',
  family: 'daemon',
  severity: 'low',
  cis: { '1.6': ['2.18'], '1.8': ['2.19'] },
  why: 'Experimental features are less tested, and open calls of the API that are closed otherwise, such as checkpoints.',
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
  why: 'An update of the daemon stops all containers, so people put updates off. With live restore, containers keep running, but also keep the runc and the seccomp profile with which they were started.',
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
  title: 'Logs of containers leave the host by default',
  family: 'daemon',
  severity: 'low',
  cis: { '1.6': ['2.13'], '1.8': ['2.14'] },
  why: 'Whoever becomes root on the host can delete logs that are only there, and a removed container takes its logs with it.',
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
  title: 'Every registry must prove its identity',
  family: 'daemon',
  severity: 'high',
  cis: { '1.6': ['2.5'], '1.8': ['2.5'] },
  why: 'Without a verified TLS connection, anyone between the host and the registry can replace an image by one of their own and read the credentials of the registry.',
  remedy:
    'Remove the registry from "insecure-registries" in daemon.json, save the certificate of its CA as /etc/docker/certs.d/HOST:PORT/ca.crt, and run systemctl reload docker.',
  fix: {
    settings: { 'insecure-registries': null },
    trap: 'Images of these registries can not be pulled until the certificates of their CAs are in /etc/docker/certs.d.',
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
    return insecure.length > 0 ? fail(insecure.join(', ')) : pass()
  },
})

const proxyPassword = daemonCheck({
  id: 'D-PROXYCRED',
  title: 'The proxies of the daemon have no password in their URL',
  family: 'daemon',
  severity: 'medium',
  cis: {},
  why: 'The password is in the environment or the configuration of the daemon, where backups, logs and users of the host find it. To an http:// proxy it also crosses the network in clear.',
  remedy:
    'Let the proxy accept the host by its address or a client certificate, and remove USER:PASSWORD@ from "proxies" in daemon.json or from HTTP_PROXY and HTTPS_PROXY of the unit.',
  references: ['https://docs.docker.com/engine/daemon/proxy/', 'https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1'],
  needs: ['info'],
  test: ({ info }) => {
    const proxies = [reported(info.HttpProxy, 'info.HttpProxy'), reported(info.HttpsProxy, 'info.HttpsProxy')]
    const found = [...new Set(proxies.filter((url) => /^[^/]*\/?\/?[^/]*@/.test(url)))]
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
  title: 'The daemon serves no API version that it has given up',
  family: 'daemon',
  severity: 'low',
  cis: {},
  why: 'Requests of old API versions take paths through the daemon that are hardly tested, and that authorization plugins and proxies may not know.',
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
    return warn(`MinAPIVersion: ${oldest}, usually ${usual}`)
  },
})

/** Settings of the daemon. */
export const DAEMON_SETTINGS: readonly Check[] = [
  debug,
  profiles,
  experimental,
  liveRestore,
  logging,
  insecureRegistries,
  proxyPassword,
  oldApis,
]
