import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AnsiUp } from 'ansi_up'
import { GROUPS } from '../lib/cli/groups.ts'
import { DOCKER_CE_UNIT_LINE } from '../lib/daemon.ts'
import { bindMount } from '../test/audit/support/containers.ts'
import { daemonWith } from '../test/audit/support/html-reports.ts'
import { SiteError } from './page.ts'

/** What a command printed, in HTML. */
export interface Screen {
  /** `cert list`. */
  readonly command: string
  readonly html: string
}

/** A command line to run. They run one after the other, in one folder. */
export interface Run {
  readonly argv: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** @defaultValue 0 */
  readonly exitCode?: number
}

const HOST = 'tcp://build01.example.com:2376'
const FILES = 'docker-mtls/clients/ann'
const CONNECTION = { DOCKER_HOST: HOST, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: FILES }
/** What the folder of the runs is called in the screens. */
const SHOWN_FOLDER = '/home/ann'

/** None of them needs a daemon, so that the site can be built anywhere. */
const RUNS: readonly Run[] = [
  { argv: ['init', 'build01.example.com', '10.0.0.4', '--client', 'ann'] },
  { argv: ['cert', 'list'] },
  { argv: ['cert', 'show', 'docker-mtls/server/server-cert.pem'] },
  { argv: ['cert', 'client', 'ci'] },
  { argv: ['daemon', 'render'] },
  { argv: ['client', 'env', '--host', HOST, '--cert-path', FILES] },
  { argv: ['client', 'request', 'web', '--out', 'web'] },
  { argv: ['explain'], env: CONNECTION },
  { argv: ['ping'], env: { DOCKER_HOST: 'tcp://build01.example.com:2375' }, exitCode: 1 },
  { argv: ['doctor'], env: { ...CONNECTION, DOCKER_HOST: 'tcp://127.0.0.1:2' }, exitCode: 1 },
  { argv: ['audit', '--replay', 'snapshot.json'], exitCode: 3 },
]

/** Runs the commands, and renders what they printed, with its colours. */
export function screens(): Screen[] {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'docker-mtls-')))
  try {
    prepare(folder)
    return runAll(folder).map((printed, index) => screenOf(RUNS[index], shown(printed, folder)))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const SOCKET = '/var/run/docker.sock'
/** The folder is home and root of a host in one. */
function shown(printed: string, folder: string): string {
  return printed.replaceAll(`${folder}/usr/`, '/usr/').replaceAll(folder, SHOWN_FOLDER)
}

/** A daemon with a privileged container, and with one that has the daemon's socket. */
const SNAPSHOT = daemonWith({
  web: {},
  ci: { HostConfig: { Privileged: true } },
  watchtower: { Id: 'd'.repeat(64), Mounts: [bindMount(SOCKET, SOCKET)], Config: { User: '0' } },
})

/** A host with docker-ce's unit, and a snapshot of a daemon. */
function prepare(folder: string): void {
  const units = join(folder, 'usr/lib/systemd/system')
  mkdirSync(units, { recursive: true })
  writeFileSync(join(units, 'docker.service'), `[Service]\nType=notify\n${DOCKER_CE_UNIT_LINE}\n`)
  writeFileSync(join(folder, 'snapshot.json'), JSON.stringify(SNAPSHOT))
}

/** In a process of its own, which has the folder as its working directory and nothing of the environment here. */
function runAll(folder: string): string[] {
  const child = fileURLToPath(new URL('run-screens.ts', import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', import.meta.resolve('tsx'), child], {
    cwd: folder,
    env: { HOME: folder, USER: 'ann', PATH: process.env['PATH'] },
    input: JSON.stringify(RUNS),
    encoding: 'utf8',
  })
  if (status !== 0) throw new SiteError(`the commands for the screens failed: ${stderr}`)
  return JSON.parse(stdout) as string[]
}

function screenOf({ argv, env = {} }: Run = { argv: [] }, printed: string): Screen {
  const ansi = new AnsiUp()
  ansi.use_classes = true
  const typed = [...Object.entries(env).map((pair) => `export ${pair.join('=')}`), `docker-mtls ${argv.join(' ')}`]
  const lines = [
    ...typed.map((line) => `<kbd>$ ${ansi.ansi_to_html(line)}</kbd>`),
    ansi.ansi_to_html(printed.trimEnd()),
  ]
  return { command: commandOf(argv), html: `<pre class="screen">${withoutEmptyLines(lines.join('\n'))}\n</pre>` }
}

function commandOf(argv: readonly string[]): string {
  return argv.slice(0, Object.hasOwn(GROUPS, argv[0] ?? '') ? 2 : 1).join(' ')
}

/** Markdown ends a block of HTML at an empty line. */
function withoutEmptyLines(html: string): string {
  return html.replaceAll(/^$/gm, '<span></span>')
}
