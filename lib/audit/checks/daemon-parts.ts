import { daemonCheck, type Check } from '../check.ts'
import { featuresOf } from '../container/user-namespace.ts'
import { usesContainerdStore } from '../image-store.ts'
import type { InfoFacts } from '../snapshot/daemon-schema.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { compareVersions } from '../../base/api-version.ts'
import { fail, notApplicable, pass, reported, unknown, warn, type Verdict } from '../verdict.ts'

/** Storage drivers that get no fixes. */
const ABANDONED: ReadonlySet<string> = new Set(['aufs', 'devicemapper', 'overlay'])

const storageDriver = daemonCheck({
  id: 'D-AUFS',
  title: 'The storage driver still gets fixes',
  family: 'daemon',
  severity: 'medium',
  cis: { '1.6': ['2.6'], '1.8': ['2.7'] },
  why: 'Current engines no longer support aufs, devicemapper and overlay. You cannot upgrade the engine, so attackers can use its known vulnerabilities.',
  remedy:
    'Set "storage-driver": "overlay2" in daemon.json, and restart the daemon. Existing images and containers are then hidden: pull the images and create the containers again.',
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
  title: 'The image store supports user namespaces',
  family: 'daemon',
  severity: 'low',
  cis: {},
  why: 'dockerd turns the containerd image store off when you turn on user namespaces, which hides all images and containers. In an emergency, this keeps you from using this barrier against attackers.',
  remedy:
    'Turn on user namespaces before the host has images that are hard to replace: docker-mtls daemon apply --userns-remap, or, behind a gateway, "userns-remap": "default" in daemon.json',
  references: [
    'https://docs.docker.com/engine/storage/containerd/',
    'https://docs.docker.com/engine/security/userns-remap/',
  ],
  needs: ['info'],
  test: ({ info }) => {
    const isContainerd = usesContainerdStore(info)
    const features = featuresOf(info)
    if (features.has('userns') || features.has('rootless')) return notApplicable('user namespaces are on')
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
    return notApplicable(`the daemon does not have it: it is older than API ${since}`)
  return unknown(`the daemon reports it from API ${since} on, and the request used ${apiVersion}`)
}

const nri = daemonCheck({
  id: 'D-NRI',
  title: 'The Node Resource Interface (NRI) is off',
  family: 'daemon',
  severity: 'medium',
  cis: {},
  why: 'An NRI plugin can add mounts, devices and capabilities to every container, and authorization plugins do not see it. An attacker who controls such a plugin controls the host.',
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
  title: 'The daemon offers no devices of the host by CDI name',
  family: 'daemon',
  severity: 'low',
  cis: {},
  why: 'Anyone who may create containers can use these devices, with the mounts and hooks of their specifications. The hooks run as root on the host.',
  remedy:
    'Remove the specifications that you do not need from /etc/cdi and /var/run/cdi, or set "features": {"cdi": false} in daemon.json and restart the daemon.',
  fix: {
    settings: { features: { cdi: false } },
    trap: 'Containers that use CDI devices, such as GPUs, no longer start.',
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
  title: 'The default runtime is runc, and only root can replace a runtime',
  family: 'daemon',
  severity: 'medium',
  cis: {},
  why: 'The runtime runs as root on the host. A user who can write to its folder can replace it, and so become root. Of all runtimes, docker-mtls knows the vulnerabilities of runc only.',
  remedy:
    'Install runtimes in /usr/local/bin. Remove "default-runtime" from daemon.json and restart the daemon, or keep this runtime up to date yourself.',
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
