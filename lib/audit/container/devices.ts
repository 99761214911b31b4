import type { ContainerFacts } from '../snapshot/container-schema.ts'
import { fail, pass, reported, warn, type Verdict } from '../verdict.ts'
import { normalizeHostPath } from '../../container/host-path.ts'

type Device = NonNullable<NonNullable<ContainerFacts['HostConfig']>['Devices']>[number]

// Names of devices: Linux, Documentation/admin-guide/devices.txt.

/** Disks that may contain files of the host. */
const DISK =
  /^\/dev\/(?:hd[a-z]\d*|(?:[sv]d|xvd|dasd|ubd)[a-z]{1,3}\d*|sg\d+|(?:nvme|ng|mmcblk|dm-|md|md_d|zd|rbd|bcache|drbd|pmem|mtd|mtdblock|ubi|zram|ploop)\d.*)$/
/** Folders of disks. Volume groups of LVM have one each, whose name is free: those that installers choose. */
const DISKS =
  /^\/dev\/(?:(?:block|bsg|disk|drbd|mapper|md|raw|rbd|zvol|almalinux|centos|cl|cs|fedora|pve|rhel|rl|rocky)(?:\/|$)|(?:vg[^/]*|[^/]*vg)\/)/
/** Disks that are files or come from the network. */
const OTHER_DISK = /^\/dev\/(?:loop|nbd)\d/
/** Memory and ports of the host, and registers of its processors (msr(4)). */
const KERNEL = /^\/dev\/(?:core|kmem|kmsg|mem|port|rawctl|cpu(?:\/\d+(?:\/msr)?)?)$/
/** Every container has them (moby, oci/devices; runtime-spec, config-linux.md#default-devices). */
const HARMLESS = /^\/dev\/(?:full|null|ptmx|random|tty|urandom|zero)$/

/** Judges a device of the host: a disk or memory gives the host away, others depend on their driver. */
export function judgeDevice({ PathOnHost, CgroupPermissions }: Device): Verdict {
  const path = normalizeHostPath(reported(PathOnHost, 'HostConfig.Devices[].PathOnHost'))
  const detail = `${path} (${CgroupPermissions || 'rwm'})`
  if (HARMLESS.test(path)) return pass()
  return isWholeHost(path) ? fail(detail) : warn(detail)
}

function isWholeHost(path: string): boolean {
  return path === '/' || path === '/dev' || KERNEL.test(path) || OTHER_DISK.test(path) || isHostDisk(path)
}

/** Whether a device is a disk that may contain files of the host. */
export function isHostDisk(path: string): boolean {
  return DISK.test(path) || DISKS.test(path)
}

/** Memory, ports and log of the kernel, SCSI, flash, raw disks and msr, by their numbers. */
const KERNEL_NUMBERS = /^(?:\*:.*|1:(?:\*|[124]|11)|(?:21|90|162|202):.*)$/
const HARMLESS_NUMBERS = /^(?:1:[35789]|5:[012]|136:(?:\*|\d+))$/
/** CD drives. */
const HARMLESS_BLOCK = /^11:/

/** Judges a rule such as `c 189:* rmw`. All devices, and all block devices, include the disks. */
export function judgeDeviceRule(rule: string): Verdict {
  const [type = '', numbers = '', access = ''] = rule.trim().split(/\s+/)
  // Every container may make files of devices; only opening them matters.
  if (access === 'm' || (type === 'c' && HARMLESS_NUMBERS.test(numbers))) return pass()
  const isBad = type === 'c' ? KERNEL_NUMBERS.test(numbers) : type !== 'b' || !HARMLESS_BLOCK.test(numbers)
  return isBad ? fail(`rule ${rule}`) : warn(`rule ${rule}`)
}
