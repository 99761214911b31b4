import { promises as fs } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { ListedCertificate } from '../../pki/index.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addFolder, addJson, DEFAULT_FOLDER } from '../options.ts'
import { columns } from '../output.ts'
import { reissueLine } from '../reissue.ts'
import { day, daysLeft } from '../words.ts'

interface ListFlags {
  readonly dir?: string
  readonly json?: true
}

/** Time enough to make and carry over another. */
const SOON_DAYS = 30

const HEADS = ['KIND', 'NAME', 'ENDS', 'DAYS LEFT', 'STATE']

type State = 'in use' | 'ends soon' | 'ended' | 'of a replaced CA' | 'replaced'

interface Row extends ListedCertificate {
  readonly state: State
}

async function runList(flags: ListFlags, context: Context): Promise<void> {
  const { PkiFolder } = await import('../../pki/index.ts')
  const { dir = DEFAULT_FOLDER } = flags
  const all = await new PkiFolder(dir).list()
  const listed = await Promise.all(all.map(async (one) => ({ ...one, state: await stateOf(one, dir) })))
  const rows = listed.map((one) => {
    const ends = new Date(one.notAfter)
    return [one.kind, one.name, day(ends), String(daysLeft(ends)), one.state]
  })
  const data = {
    folder: resolve(dir),
    certificates: listed.map((one) => ({
      ...one,
      ...(one.path !== undefined && { path: resolve(one.path) }),
      daysLeft: daysLeft(new Date(one.notAfter)),
    })),
  }
  const [head = '', ...lines] = columns([HEADS, ...rows], context.width)
  const text = `${[context.paint('bold', head), ...lines].join('\n')}\n`
  context.answer({ data, text, warnings: warningsOf(listed, dir) }, flags)
}

async function stateOf({ path, kind, notAfter }: ListedCertificate, dir: string): Promise<State> {
  if (path === undefined) return 'replaced'
  if (kind !== 'ca' && !(await isOfPresent(dir, path))) return 'of a replaced CA'
  const left = daysLeft(new Date(notAfter))
  if (left < 0) return 'ended'
  return left < SOON_DAYS ? 'ends soon' : 'in use'
}

/** The list is no place to fail for a file that is damaged. */
async function isOfPresent(dir: string, path: string): Promise<boolean> {
  const { isOfPresentAuthority } = await import('../../provision/present-authority.ts')
  try {
    return await isOfPresentAuthority(dir, await fs.readFile(path, 'utf8'))
  } catch {
    return true
  }
}

const SAID: Readonly<Partial<Record<State, string>>> = {
  'ends soon': 'ends soon',
  ended: 'has ended',
  'of a replaced CA': 'is of an authority that was replaced',
}

const ALL_ANEW = ' . That makes everything it issued worthless: each server and client is to be issued anew then.'

function warningsOf(listed: readonly Row[], dir: string): string[] {
  return listed.flatMap((one) => {
    const said = SAID[one.state]
    if (said === undefined) return []
    const line = reissueLine(one, dir, one.state === 'ends soon' ? '--renew' : '--force')
    return [`The certificate of ${one.name} ${said}:  ${line}${one.kind === 'ca' ? ALL_ANEW : ''}`]
  })
}

function define(command: Command, context: Context): void {
  addFolder(command)
  addJson(command).action((flags: ListFlags) => runList(flags, context))
}

export const certList: CommandSpec = {
  description:
    'Lists everything that was ever issued in a folder, the oldest first. What is replaced may ' +
    'still be somewhere, and dockerd takes it until it ends.',
  examples: [
    ['docker-mtls cert list', 'in ./docker-mtls'],
    ['docker-mtls cert list --dir /srv/keys --json', 'elsewhere, for a program'],
  ],
  json: '{ folder, certificates: [{ kind, name, sans, serial, fingerprint256, notBefore, notAfter, issuedAt, keyType, daysLeft, state, path }] };\nstate is "in use", "ends soon" (under 30 days), "ended",\n"of a replaced CA" (in its place, and good for nothing) or "replaced".',
  define,
}
