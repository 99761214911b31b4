import type { ContainerFacts } from '../snapshot/container-schema.ts'
import { fail, reported, warn, type Verdict } from '../verdict.ts'
import { normalizeHostPath } from './host-path.ts'

type Device = NonNullable<NonNullable<ContainerFacts['HostConfig']>['Devices']>[number]

/** Disks, memory, and folders that contain them (Linux, Documentation/admin-guide/devices.txt). */
const WHOLE_HOST =
  /^\/(?:dev(?:\/(?:block|disk|mapper)(?:\/.*)?)?|dev\/(?:sd|hd|vd|xvd|nvme|mmcblk|dm-|md|loop|nbd|sr|sg|btrfs-control|mem$|kmem$|port$|kmsg$|vhost|watchdog|autofs|raw).*)?$/

/** Judges a device of the host: a disk or memory gives the host away, others depend on their driver. */
export function judgeDevice({ PathOnHost, CgroupPermissions }: Device): Verdict {
  const path = normalizeHostPath(reported(PathOnHost, 'HostConfig.Devices[].PathOnHost'))
  const detail = `${path} (${CgroupPermissions || 'rwm'})`
  return WHOLE_HOST.test(path) ? fail(detail) : warn(detail)
}

/** Judges a rule such as `c 189:* rmw`. All devices, and all block devices, include the disks. */
export function judgeDeviceRule(rule: string): Verdict {
  const [type = '', numbers = ''] = rule.trim().split(/\s+/)
  // 1:1 to 1:4 are the memory and ports of the host (mem(4)).
  const isBad = type !== 'c' || /^(?:\*|1):(?:\*|[1-4])$/.test(numbers)
  return isBad ? fail(`rule ${rule}`) : warn(`rule ${rule}`)
}
