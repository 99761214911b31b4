import { daemonCheck, type Check } from '../check.ts'
import type { InfoFacts } from '../snapshot/daemon-schema.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { compareVersions } from '../../engine/version.ts'
import { fail, notApplicable, pass, reported, unknown, warn, type Verdict } from '../verdict.ts'

/** Storage drivers that get no fixes. */
const ABANDONED: ReadonlySet<string> = new Set(['aufs', 'devicemapper', 'overlay'])

const storageDriver = daemonCheck({
  id: 'D-AUFS',
  title: 'The storage driver still gets fixes',
  family: 'daemon',
  severity: 'medium',
  cis: { '1.6': ['2.6'], '1.8': ['2.7'] },
  why: 'The drivers aufs, devicemapper and overlay are removed from current engines, so an upgrade is not possible, and flaws in them stay.',
  remedy:
    'Set "storage-driver": "overlay2" in daemon.json, and restart the daemon. Pull the images again: they are hidden.',
  references: ['https://docs.docker.com/engine/deprecated/', 'https://docs.docker.com/engine/storage/drivers/'],
  needs: ['info'],
  test: ({ info }) => {
    const driver = reported(info.Driver, 'info.Driver')
    if (driver === '') return unknown('the daemon did not report info.Driver')
    return ABANDONED.has(driver) ? fail(`Driver: ${driver}`) : pass(`Driver: ${driver}`)
  },
})

const imageStore = daemonCheck({
  id: 'D-STORE',
  title: 'User namespaces can be turned on without hiding images',
  family: 'daemon',
  severity: 'low',
  cis: {},
  why: 'User namespaces turn the containerd image store off. Whoever turns them on in an emergency finds no image and no container on the host.',
  remedy:
    'Turn on user namespaces before the host has images that are hard to replace: docker-mtls daemon apply --userns-remap=default',
  references: [
    'https://docs.docker.com/engine/storage/containerd/',
    'https://docs.docker.com/engine/security/userns-remap/',
  ],
  needs: ['info'],
  test: ({ info }) => {
    const status = reported(info.DriverStatus, 'info.DriverStatus')
    const options = reported(info.SecurityOptions, 'info.SecurityOptions')
    const isContainerd = status.some(([, value]) => value === 'io.containerd.snapshotter.v1')
    if (options.some((option) => /^name=(?:userns|rootless)\b/.test(option)))
      return notApplicable('user namespaces are on')
    return isContainerd ? warn('the daemon uses the containerd image store') : pass()
  },
})

/** A field that daemons leave out if there is nothing to say, which only a whole answer means. */
function leftOut<Name extends keyof InfoFacts>(info: InfoFacts, name: Name): InfoFacts[Name] {
  reported(info.ServerVersion, 'info.ServerVersion')
  return info[name]
}

/** Says why a field of `/info` is absent. Undefined if this request would have shown it. */
function whyAbsent({ apiVersion, version }: Snapshot, since: string): Verdict | undefined {
  if (compareVersions(apiVersion, since) >= 0) return undefined
  const newest = 'value' in version ? version.value.ApiVersion : undefined
  if (newest !== undefined && compareVersions(newest, since) < 0)
    return notApplicable(`the daemon is older than API ${since}, and does not have it`)
  return unknown(`the daemon reports it from API ${since} on, and the request used ${apiVersion}`)
}

const nri = daemonCheck({
  id: 'D-NRI',
  title: 'No plugin of the Node Resource Interface can change containers',
  family: 'daemon',
  severity: 'medium',
  cis: {},
  why: 'A plugin of the Node Resource Interface may add mounts, devices and capabilities to every container, and no authorization plugin sees it.',
  remedy: 'Set "nri-opts": {"enable": false} in daemon.json, and restart the daemon.',
  fix: { settings: { 'nri-opts': { enable: false } } },
  references: ['https://github.com/containerd/nri'],
  needs: ['info'],
  test: ({ info }, snapshot) => {
    const NRI = leftOut(info, 'NRI')
    if (NRI === null) return whyAbsent(snapshot, '1.53') ?? pass()
    reported(NRI, 'info.NRI')
    return warn('NRI is enabled')
  },
})

const devices = daemonCheck({
  id: 'D-CDI',
  title: 'No devices of the host are offered to containers by name',
  family: 'daemon',
  severity: 'low',
  cis: {},
  why: 'Whoever may create containers gets these devices, and the mounts and hooks that their specifications add.',
  remedy:
    'Remove the specifications that nobody needs from /etc/cdi and /var/run/cdi, or set "features": {"cdi": false} in daemon.json and restart the daemon.',
  fix: {
    settings: { features: { cdi: false } },
    trap: 'Containers with devices of CDI, such as GPUs, no longer start.',
  },
  references: ['https://docs.docker.com/build/building/cdi/'],
  needs: ['info'],
  test: ({ info }, snapshot) => {
    const found = reported(leftOut(info, 'DiscoveredDevices'), 'info.DiscoveredDevices').map(({ ID }) => ID ?? '')
    if (found.length > 0) return warn(found.slice(0, 10).join(', '))
    if (!whyAbsent(snapshot, '1.50') || info.CDISpecDirs?.length === 0) return pass()
    return whyAbsent(snapshot, '1.44') ?? unknown('the daemon reports devices from API 1.50 on, and CDI is enabled')
  },
})

/** Names of runc. */
const RUNC: ReadonlySet<string> = new Set(['runc', 'io.containerd.runc.v2'])
/** Folders in which other users than root can create files. */
const WRITABLE = /^\/(?:tmp|var\/tmp|dev\/shm|home)\//

const runtime = daemonCheck({
  id: 'D-RUNTIME',
  title: 'Containers run in runc unless they ask for another runtime',
  family: 'daemon',
  severity: 'medium',
  cis: {},
  why: 'The runtime runs as root on the host. Its flaws are not in the table of vulnerabilities, unless it is runc, and a runtime in a folder that users can write to can be replaced.',
  remedy:
    'Remove "default-runtime" from daemon.json, or check yourself that this runtime is kept up to date. Install runtimes in /usr/local/bin.',
  fix: { settings: { 'default-runtime': null }, trap: 'Containers keep their runtime until they are created again.' },
  references: ['https://docs.docker.com/engine/daemon/alternative-runtimes/'],
  needs: ['info'],
  test: ({ info }) => {
    if (info.OSType === 'windows') return notApplicable('the host runs Windows')
    const standard = reported(info.DefaultRuntime, 'info.DefaultRuntime')
    const runtimes = Object.entries(reported(info.Runtimes, 'info.Runtimes'))
    const writable = runtimes
      .filter(([, { path }]) => WRITABLE.test(path ?? ''))
      .map(([name, { path }]) => `${name}: ${path}`)
    if (writable.length > 0) return fail(writable.join(', '))
    return RUNC.has(standard) ? pass() : warn(`DefaultRuntime: ${standard}`)
  },
})

/** Parts of the daemon. */
export const DAEMON_PARTS: readonly Check[] = [storageDriver, imageStore, nri, devices, runtime]
