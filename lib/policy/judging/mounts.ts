import { parseBind } from '../../container/bind.ts'
import type { Json } from '../request.ts'
import { fromBaseline, type Judge, type Judged } from './finding.ts'
import { hostPath } from './host-path.ts'
import { isEmpty, listOf, objectOf, stringsOf, textOf } from './values.ts'
import { OF_TMPFS, volumeOfDriver } from './volume.ts'

/** Options of a bind that neither widen nor share anything. */
const HARMLESS_OPTIONS = new Set(['', 'rw', 'ro', 'nocopy', 'private', 'rprivate', 'cached', 'delegated', 'consistent'])

/** `HostConfig.Binds`. */
export const judgeBinds: Judge = function* (value, where) {
  for (const [index, bind] of stringsOf(value).entries()) yield* judgeBind(bind, `${where}.${index}`)
}

function* judgeBind(bind: string, where: string): Iterable<Judged> {
  const { source, options } = parseBind(bind)
  const odd = options.find((option) => !HARMLESS_OPTIONS.has(option))
  if (source.startsWith('/')) yield hostPath(source, { where, readOnly: options.includes('ro') && odd === undefined })
  else if (source.includes('/') || source.startsWith('.') || source.startsWith('~')) {
    yield fromBaseline('HOST_PATH', where, `it binds ${source}, which is neither an absolute path nor a volume`)
  } else if (source !== '') yield { kind: 'volume', name: source, where }
  if (odd !== undefined) yield oddOption(odd, where)
}

function oddOption(option: string, where: string): Judged {
  const why = ['z', 'Z'].includes(option)
    ? 'which changes the SELinux labels of files of the host'
    : 'which shares mounts with the host, or which docker-mtls does not know'
  return fromBaseline('HOST_PATH', where, `it sets the option ${option}, ${why}`)
}

/** `HostConfig.Tmpfs`. */
export const judgeTmpfs: Judge = function* (value, where) {
  for (const [path, options] of Object.entries(objectOf(value)))
    yield* judgeTmpfsOptions(textOf(options).split(','), `${where}.${path}`)
}

function* judgeTmpfsOptions(options: readonly string[], where: string): Iterable<Judged> {
  const odd = options.find((option) => !OF_TMPFS.test(option))
  if (odd === undefined) return
  const got = `it sets the tmpfs option ${odd}, which can change other mounts or is unknown to docker-mtls`
  yield fromBaseline('HOST_PATH', where, got)
}

/** `HostConfig.Mounts`, and those of a service. */
export const judgeMounts: Judge = function* (value, where) {
  for (const [index, mount] of listOf(value).entries()) {
    const judge = BY_TYPE.get(textOf(objectOf(mount)['Type']).toLowerCase()) ?? otherType
    yield* judge(mount, `${where}.${index}`)
  }
}

/** How each type of a mount is judged. The API's names. */
const BY_TYPE: ReadonlyMap<string, Judge> = new Map<string, Judge>([
  ['bind', judgeBindMount],
  ['volume', judgeVolumeMount],
  ['tmpfs', judgeTmpfsMount],
  ['image', judgeImageMount],
])

function judgeTmpfsMount(mount: Json, where: string): Iterable<Judged> {
  const options = listOf(objectOf(objectOf(mount)['TmpfsOptions'])['Options'])
  // dockerd joins and splits them.
  const words = options.flatMap((option) => stringsOf(option).join('=').split(','))
  return judgeTmpfsOptions(words, `${where}.TmpfsOptions`)
}

function* judgeImageMount(mount: Json, where: string): Iterable<Judged> {
  yield { kind: 'image', name: textOf(objectOf(mount)['Source']), where: `${where}.Source` }
}

function* otherType(mount: Json, where: string): Iterable<Judged> {
  yield fromBaseline('HOST_PATH', where, `it is a mount of the type ${textOf(objectOf(mount)['Type']) || '(none)'}`)
}

function* judgeBindMount(mount: Json, where: string): Iterable<Judged> {
  const { Source, ReadOnly, BindOptions } = objectOf(mount)
  const { Propagation, CreateMountpoint, ReadOnlyNonRecursive } = objectOf(BindOptions)
  const option = textOf(Propagation)
  const isHarmless = HARMLESS_OPTIONS.has(option)
  const readOnly = ReadOnly === true && isHarmless && CreateMountpoint !== true && ReadOnlyNonRecursive !== true
  yield hostPath(textOf(Source), { where: `${where}.Source`, readOnly })
  if (!isHarmless) yield oddOption(option, `${where}.BindOptions.Propagation`)
}

function* judgeVolumeMount(mount: Json, where: string): Iterable<Judged> {
  const { Source, VolumeOptions } = objectOf(mount)
  const { DriverConfig } = objectOf(VolumeOptions)
  const name = textOf(Source)
  if (name.includes('/')) yield fromBaseline('HOST_PATH', `${where}.Source`, 'it is a path, and no name of a volume')
  // dockerd uses the driver only if it has to create the volume.
  else if (name !== '') yield { kind: 'volume', name, where: `${where}.Source` }
  if (isEmpty(DriverConfig)) return
  const { Name, Options } = objectOf(DriverConfig)
  yield* volumeOfDriver(textOf(Name), objectOf(Options), `${where}.VolumeOptions.DriverConfig`)
}
