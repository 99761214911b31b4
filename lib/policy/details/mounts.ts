import { parseBind } from '../../container/bind.ts'
import { normalizeHostPath } from '../../container/host-path.ts'
import { contentsOf } from '../../container/local-volume.ts'
import { listOf, objectOf, stringsOf, textOf } from '../judging/values.ts'
import type { Json, JsonObject } from '../request.ts'
import { HIDDEN, imageText, optionName } from './safe.ts'
import type { RequestDetails } from './types.ts'

interface Mounted {
  readonly source: string
  readonly isReadOnly: boolean
}

/** Binds and mounts, and what they say of drivers. */
export function mountDetails(
  binds: Json | undefined,
  mounts: Json | undefined,
): Pick<RequestDetails, 'mounts' | 'driver' | 'driverOptions'> {
  const drivers = listOf(mounts).map((mount) => objectOf(objectOf(objectOf(mount)['VolumeOptions'])['DriverConfig']))
  const options = drivers.map(({ Options }) => objectOf(Options))
  const shown = drivers.flatMap(({ Name, Options }) => shownBy(textOf(Name), objectOf(Options)))
  const mounted: readonly Mounted[] = [
    ...stringsOf(binds).map(bound),
    ...listOf(mounts).map(mountedBy),
    ...shown.map((source) => ({ source, isReadOnly: false })),
  ].filter(({ source }) => source !== '')
  return {
    mounts: mounted.toSorted(byPower).map(({ source, isReadOnly }) => source + (isReadOnly ? ':ro' : '')),
    driver: drivers.map(({ Name }) => textOf(Name)).find(Boolean) ?? '',
    driverOptions: optionNames(options),
  }
}

/** What the options of a volume's driver say. */
export function driverDetails(driver: string, options: JsonObject): Pick<RequestDetails, 'mounts' | 'driverOptions'> {
  return { mounts: shownBy(driver, options), driverOptions: optionNames([options]) }
}

function bound(bind: string): Mounted {
  const { source, options } = parseBind(bind)
  return { source: sourceOf(source), isReadOnly: options.includes('ro') }
}

function mountedBy(mount: Json): Mounted {
  const { Type, Source, ReadOnly } = objectOf(mount)
  const [type, source] = [textOf(Type).toLowerCase(), textOf(Source)]
  const isReadOnly = ReadOnly === true
  if (type === 'tmpfs') return { source: '', isReadOnly }
  if (type === 'image') return { source: `image ${imageText(source)}`, isReadOnly }
  return { source: sourceOf(source), isReadOnly }
}

const sourceOf = (source: string): string => (source.startsWith('/') ? normalizeHostPath(source) : source)

/** The paths of the host that a volume of the driver `local` shows. Options of other drivers may be passwords. */
function shownBy(driver: string, options: JsonObject): string[] {
  if (driver !== '' && driver !== 'local') return []
  const { paths } = contentsOf({
    type: textOf(options['type']),
    o: textOf(options['o']),
    device: textOf(options['device']),
  })
  return paths.map((path) => (mayHaveLogin(path) ? HIDDEN : sourceOf(path)))
}

function mayHaveLogin(path: string): boolean {
  const at = path.indexOf('//')
  return at >= 0 && path.includes('@', at)
}

const optionNames = (all: readonly JsonObject[]): string[] => [
  ...new Set(all.flatMap((options) => Object.keys(options).map(optionName))),
]

/** Paths of the host first, and short ones before those in them: what is beyond the limit of a list gives least. */
function byPower(one: Mounted, other: Mounted): number {
  const isPath = ({ source }: Mounted): number => Number(source.startsWith('/'))
  return isPath(other) - isPath(one) || (isPath(one) === 1 ? one.source.length - other.source.length : 0)
}
