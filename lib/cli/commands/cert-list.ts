import { resolve } from 'node:path'
import type { Command } from 'commander'
import { commandLine } from '../../pki/folder-layout.ts'
import type { ListedCertificate } from '../../pki/index.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addFolder, addJson, DEFAULT_FOLDER } from '../options.ts'
import { columns } from '../output.ts'
import { day, daysLeft } from '../words.ts'

interface ListFlags {
  readonly dir?: string
  readonly json?: true
}

/** Time enough to make and carry over another. */
const SOON_DAYS = 30

const HEADS = ['KIND', 'NAME', 'ENDS', 'DAYS LEFT', 'STATE']

type State = 'in use' | 'ends soon' | 'ended' | 'replaced'

async function runList(flags: ListFlags, context: Context): Promise<void> {
  const { PkiFolder } = await import('../../pki/index.ts')
  const { dir = DEFAULT_FOLDER } = flags
  const listed = await new PkiFolder(dir).list()
  const rows = listed.map((one) => {
    const ends = new Date(one.notAfter)
    return [one.kind, one.name, day(ends), String(daysLeft(ends)), stateOf(one)]
  })
  const data = {
    folder: resolve(dir),
    certificates: listed.map((one) => ({
      ...one,
      ...(one.path !== undefined && { path: resolve(one.path) }),
      daysLeft: daysLeft(new Date(one.notAfter)),
      state: stateOf(one),
    })),
  }
  const [head = '', ...lines] = columns([HEADS, ...rows], context.width)
  const text = `${[context.paint('bold', head), ...lines].join('\n')}\n`
  context.answer({ data, text, warnings: warningsOf(listed, dir) }, flags)
}

function stateOf({ path, notAfter }: ListedCertificate): State {
  if (path === undefined) return 'replaced'
  const left = daysLeft(new Date(notAfter))
  if (left < 0) return 'ended'
  return left < SOON_DAYS ? 'ends soon' : 'in use'
}

const RENEWALS: Readonly<Record<ListedCertificate['kind'], (one: ListedCertificate) => string[]>> = {
  ca: () => ['cert', 'ca', '--replace-ca'],
  server: ({ sans }) => ['cert', 'server', ...sans, '--renew'],
  client: ({ name }) => ['cert', 'client', name, '--renew'],
}

function warningsOf(listed: readonly ListedCertificate[], dir: string): string[] {
  return listed
    .filter((one) => ['ends soon', 'ended'].includes(stateOf(one)))
    .map((one) => {
      const renewal = commandLine(...RENEWALS[one.kind](one), '--dir', dir)
      return `The certificate of ${one.name} ${stateOf(one) === 'ended' ? 'has ended' : 'ends soon'}:  ${renewal}`
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
  json: '{ folder, certificates: [{ kind, name, sans, serial, fingerprint256, notBefore, notAfter, issuedAt, keyType, daysLeft, state, path }] };\nstate is "in use", "ends soon" (under 30 days), "ended" or "replaced".',
  define,
}
