import { fromBaseline, type Judge } from './finding.ts'
import { listOf, objectOf, stringsOf, textOf } from './values.ts'

/** `HostConfig.Devices`. */
export const judgeDevices: Judge = function* (value, where) {
  for (const [index, device] of listOf(value).entries()) {
    const path = textOf(objectOf(device)['PathOnHost'])
    const place = `${where}.${index}.PathOnHost`
    yield fromBaseline('HOST_DEVICE', place, `it gets the device ${path}`, { kind: 'device', path })
  }
}

/** `HostConfig.DeviceCgroupRules`: with MKNOD, a container creates the device itself. */
export const judgeDeviceRules: Judge = function* (value, where) {
  for (const [index, rule] of stringsOf(value).entries()) {
    yield fromBaseline('HOST_DEVICE', `${where}.${index}`, `it may use the devices ${rule}`)
  }
}

/** `HostConfig.DeviceRequests`: graphics processors, and CDI, whose files may mount anything. */
export const judgeDeviceRequests: Judge = function* (value, where) {
  for (const [index, request] of listOf(value).entries()) {
    const driver = textOf(objectOf(request)['Driver'])
    yield fromBaseline('HOST_DEVICE', `${where}.${index}`, `it asks the driver ${driver || '(any)'} for devices`)
  }
}

/** `HostConfig.BlkioWeightDevice` and the like, which limit: dockerd says whether the path exists on the host, and what is there. */
export const judgeBlkio: Judge = function* (value, where) {
  for (const [index, limit] of listOf(value).entries()) {
    const path = textOf(objectOf(limit)['Path'])
    if (!path.startsWith('/dev/') || path.split('/').includes('..'))
      yield fromBaseline(
        'HOST_DEVICE',
        `${where}.${index}.Path`,
        `it limits ${path || '(nothing)'}, which is no device`,
      )
  }
}
