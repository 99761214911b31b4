import { buffer } from 'node:stream/consumers'
import { crc32, deflateRawSync } from 'node:zlib'
import { pack } from 'tar-stream'

/** An entry of a tar, whatever it may be; `content` undefined for what has none. */
export type TarEntry = readonly [headers: Parameters<ReturnType<typeof pack>['entry']>[0], content?: string]

export async function makeTar(entries: readonly TarEntry[]): Promise<Buffer> {
  const tar = pack()
  for (const [headers, content] of entries) {
    if (content === undefined) tar.entry(headers)
    else tar.entry(headers, content)
  }
  tar.finalize()
  return buffer(tar)
}

/** An entry of a zip, and what it lies about. */
export interface ZipEntry {
  readonly name: string
  readonly content?: string | Buffer
  /** The mode of stat(2), as a Unix would write it. */
  readonly mode?: number
  readonly flags?: number
  /** What it says its size is. */
  readonly size?: number
  readonly crc?: number
  readonly stored?: boolean
}

/** A zip, byte by byte (APPNOTE.TXT 4.3): what zip programs refuse to make is what has to be refused. */
export function makeZip(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const entry of entries) {
    const name = Buffer.from(entry.name)
    const content = Buffer.from(entry.content ?? '')
    const data = entry.stored === true ? content : deflateRawSync(content)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(entry.flags ?? 0, 2)
    common.writeUInt16LE(entry.stored === true ? 0 : 8, 4)
    common.writeUInt32LE(entry.crc ?? crc32(content), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(entry.size ?? content.length, 18)
    common.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, name, data])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 6)
    rest.writeUInt32LE(offset, 10)
    const madeBy = Buffer.from([20, 3])
    central.push(Buffer.concat([Buffer.from('PK\u0001\u0002'), madeBy, common, rest, name]))
    locals.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\u0005\u0006', 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}
