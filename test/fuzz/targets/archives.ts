import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packContext, unpackContext } from '../../../lib/contexts/archive.ts'
import { unpack } from '../../../lib/engine/workflows/copy/unpack.ts'
import { parseContextMeta } from '../../../lib/endpoint/context-meta.ts'
import { makeTar, makeZip } from '../../contexts/support/archives.ts'
import { streamOf } from '../chunks.ts'
import { demand, type Target } from '../target.ts'

const META = '{"Name":"prod","Metadata":{"Description":"x"},"Endpoints":{"docker":{"Host":"tcp://h:2376"}}}'
const TLS = { ca: 'ca\n', cert: 'cert\n', key: 'key\n' }
const LONGEST_FILE = 1_048_576

const BLOCK = 512
const CHECKSUM = { at: 148, length: 8 }

/** Writes the right checksum into each header, since a parser reads nothing of a header with another one. */
function withChecksums(tar: Buffer): Buffer {
  const fixed = Buffer.from(tar)
  for (let at = 0; at + BLOCK <= fixed.length;) {
    const header = fixed.subarray(at, at + BLOCK)
    const size = Number.parseInt(header.toString('latin1', 124, 135), 8) || 0
    if (header.some((byte) => byte !== 0)) {
      header.fill(' ', CHECKSUM.at, CHECKSUM.at + CHECKSUM.length)
      const sum = header.reduce((total, byte) => total + byte, 0)
      header.write(`${sum.toString(8).padStart(6, '0')}\0 `, CHECKSUM.at, 'latin1')
    }
    at += BLOCK * (1 + Math.ceil(Math.max(size, 0) / BLOCK))
  }
  return fixed
}

async function readContextArchive(bytes: Buffer): Promise<void> {
  const { meta, tls } = await unpackContext(bytes)
  for (const text of [meta, ...Object.values(tls)]) demand(text.length <= LONGEST_FILE, 'a file is too long')
  parseContextMeta(meta)
}

/** A tar whose names begin with `web`, into a folder with a neighbour that must stay as it is. */
async function copyFrom(bytes: Buffer): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'unpack-'))
  const target = join(parent, 'target')
  try {
    const place = { folder: parent, name: 'target' }
    await unpack(streamOf(withChecksums(bytes)), {
      path: '/web',
      prefix: 'web',
      place,
      special: 'skip',
      signal: undefined,
    })
    const found = readdirSync(parent)
    demand(
      found.every((name) => name === 'target'),
      `beside ${target}: ${found.join(', ')}`,
    )
  } finally {
    rmSync(parent, { recursive: true, force: true })
  }
}

const tarSeeds = async (): Promise<Buffer[]> => [
  await makeTar([
    [{ name: 'web', type: 'directory' }],
    [{ name: 'web/a.txt', mode: 0o600 }, 'text\n'],
    [{ name: 'web/link', type: 'symlink', linkname: 'a.txt' }],
    [{ name: 'web/hard', type: 'link', linkname: 'web/a.txt' }],
    [{ name: 'web/pipe', type: 'fifo' }],
  ]),
  await makeTar([[{ name: 'web', mtime: new Date(0) }, 'one file']]),
  await makeTar([[{ name: `web/${'long/'.repeat(40)}name`, pax: { comment: 'x' } }, 'pax']]),
]

const contextTars = async (): Promise<Buffer[]> => [
  await packContext(META, undefined),
  await makeTar([
    [{ name: 'meta.json' }, META],
    [{ name: 'tls/docker/ca.pem' }, 'ca'],
  ]),
]

const contextZips = (): Buffer[] => [
  makeZip([{ name: 'meta.json', content: META }]),
  makeZip([
    { name: 'meta.json', content: META, stored: true },
    { name: 'tls/', mode: 0o040755, stored: true },
    ...Object.entries(TLS).map(([part, content]) => ({ name: `tls/docker/${part}.pem`, content })),
  ]),
  makeZip([{ name: 'meta.json', content: META + ' '.repeat(500_000) }]),
]

const TAR_WORDS = [
  'ustar\x0000',
  '../',
  '/',
  'web/',
  '././@LongLink',
  '0000644\0',
  '77777777777\0',
  '\x80\0\0\0\0\0\0\x10',
]

export const targets: readonly Target[] = [
  { name: 'copy-from', seeds: tarSeeds, read: copyFrom, words: TAR_WORDS, pace: 20, longest: 256 * 1024 },
  {
    name: 'context-tar',
    seeds: contextTars,
    read: (bytes) => readContextArchive(withChecksums(bytes)),
    words: TAR_WORDS,
    pace: 5,
  },
  {
    name: 'context-zip',
    seeds: contextZips,
    read: readContextArchive,
    words: ['PK\x01\x02', 'PK\x03\x04', 'PK\x05\x06', 'PK\x06\x06', 'PK\x06\x07'],
    pace: 5,
  },
]
