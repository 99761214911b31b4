/** `npm run test:engines [-- OPTION...]`: the same tests on each engine that people have. See {@link HELP}. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { exitCodeOf } from './child.ts'
import { type Engine, ENGINES, fetchEngine } from './engines.ts'
import { NODE_LINES } from './runtimes/runtimes.ts'

const HELP = `npm run test:engines -- [OPTION...]

Runs the same tests on each engine, and prints a table: engine by feature. It unpacks Debian's newest Docker and Podman in
.cache/engines once, without installing them. Delete that folder to fetch newer ones.

  --only=COLUMN  a column: ${['system', ...ENGINES.map(({ id }) => id), 'node-VERSION'].join(', ')}. Repeat it for several
  --smoke        the main job and a gateway on the newest Docker: less than a minute
  --strict       fail if an engine can't be fetched
  --help         print this`

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    smoke: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const daemon = (...names: string[]): string[] => names.map((name) => `test/daemon/${name}.test.ts`)
const machine = (...names: string[]): string[] => names.map((name) => `test/machine/${name}.test.ts`)

/** What works on Docker, and the tests that show it. */
const FEATURES: Readonly<Record<string, readonly string[]>> = {
  demo: ['test/demo.test.ts'],
  'main job, refusals': daemon('acceptance', 'client', 'foreign-clients'),
  'run, exec': daemon('engine/run', 'engine/exec', 'engine/cut-off'),
  'copy, build': daemon('engine/copy', 'engine/build'),
  'images, pull': daemon('engine/images', 'engine/images-registry', 'registry-login'),
  'events, system': daemon('engine/follow-events', 'engine/system', 'engine/wordings'),
  'networks, volumes': daemon('engine/networks', 'engine/volumes', 'engine/containers', 'newer-features'),
  'swarm, plugins': daemon('engine/services', 'engine/secrets', 'engine/plugins'),
  'audit, doctor': daemon('audit-daemon', 'audit-containers', 'audit-tls', 'doctor'),
  harden: daemon('harden', 'guide-secure-a-container'),
  gateway: daemon('gateway', 'gateway-clients', 'gateway-exec', 'policy-gateway', 'policy-reading'),
  owners: daemon('policy-owner', 'policy-services'),
  BuildKit: daemon('policy-buildkit', 'policy-buildx'),
  attacks: ['test/attack/attacks.test.ts'],
  'plugin of dockerd': daemon('authz-plugin'),
  presets: daemon('presets'),
  'user namespaces': daemon('userns-in-force'),
  'apply, setup': machine('apply', 'setup'),
}
/** With this store, dockerd has no user namespaces: with them, Docker 29 uses graph drivers. */
const ON_CONTAINERD = Object.fromEntries(Object.entries(FEATURES).filter(([feature]) => feature !== 'user namespaces'))
const ON_NODES: Readonly<Record<string, readonly string[]>> = {
  'main job, refusals': daemon('client'),
  'run, exec': daemon('engine/exec'),
  gateway: daemon('gateway'),
  'audit, doctor': daemon('audit-tls'),
}
const ON_PODMAN: Readonly<Record<string, readonly string[]>> = {
  'main job, refusals': ['test/podman/client.test.ts'],
  'images, pull': ['test/podman/calls.test.ts'],
  'events, system': ['test/podman/wordings.test.ts'],
  gateway: ['test/podman/gateway.test.ts'],
  'apply, setup': ['test/podman/guide.test.ts'],
}
const SMOKE: Readonly<Record<string, readonly string[]>> = {
  'main job, refusals': daemon('client'),
  gateway: daemon('gateway'),
}

interface Column {
  readonly title: string
  readonly files: Readonly<Record<string, readonly string[]>>
  readonly command: readonly string[]
}

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

interface Outcome {
  readonly column: Column
  readonly counts: Readonly<Record<string, Counts>>
  readonly code: number
  readonly seconds: number
}

const RUN = [process.execPath, '--import', 'tsx', 'test/run.ts']
/** The reasons why engines are missing. */
const missing: string[] = []

function isWanted(id: string): boolean {
  if (values.smoke) return id === 'docker'
  return values.only.length === 0 || values.only.includes(id)
}

function filesFor(id: Engine['id']): Column['files'] {
  if (id === 'podman') return ON_PODMAN
  if (values.smoke) return SMOKE
  return id === 'docker' ? FEATURES : ON_CONTAINERD
}

function columns(): Column[] {
  const system: Column = { title: 'Docker of this system', files: FEATURES, command: RUN }
  const onEngines = ENGINES.filter(({ id }) => isWanted(id)).flatMap((engine) => {
    try {
      const { title, versions } = fetchEngine(engine, (line) => console.log(line))
      console.log(`${title}: ${versions.join(', ')}`)
      return [{ title, files: filesFor(engine.id), command: [...RUN, `--engine=${engine.id}`] }]
    } catch (error) {
      missing.push(`${engine.id} can't be fetched: ${error instanceof Error ? error.message : String(error)}`)
      return []
    }
  })
  const onNodes = NODE_LINES.filter((line) => isWanted(`node-${line}`)).map((line) => ({
    title: `Node ${line}, newest Docker`,
    files: ON_NODES,
    command: ['npx', '-y', '-p', `node@${line}`, '--', 'node', ...RUN.slice(1), '--engine=docker'],
  }))
  return [...(isWanted('system') ? [system] : []), ...onEngines, ...onNodes]
}

async function runColumn(column: Column): Promise<Outcome> {
  console.log(`\n== ${column.title}`)
  const folder = mkdtempSync(join(tmpdir(), 'docker-mtls-engines-'))
  const counts = join(folder, 'counts')
  const started = Date.now()
  try {
    const [program = '', ...args] = [
      ...column.command,
      `--write-counts=${counts}`,
      ...Object.values(column.files).flat(),
    ]
    const code = await exitCodeOf(spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] }))
    const read = existsSync(counts) ? (JSON.parse(readFileSync(counts, 'utf8')) as Outcome['counts']) : {}
    return { column, counts: read, code, seconds: Math.round((Date.now() - started) / 1000) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** `419`, `3 of 419 failed`, or a dash where nothing is tested. */
function cell({ column, counts }: Outcome, feature: string): string {
  const files = column.files[feature]
  if (files === undefined) return '-'
  const own = files.map((file) => counts[file])
  if (own.includes(undefined)) return 'no result'
  const sum = (key: keyof Counts): number => own.reduce((total, one) => total + (one?.[key] ?? 0), 0)
  const total = sum('passed') + sum('failed')
  return sum('failed') > 0 ? `${sum('failed')} of ${total} failed` : String(total)
}

function table(outcomes: readonly Outcome[]): string {
  const features = Object.keys(values.smoke ? SMOKE : FEATURES)
  const rows = [
    ['', ...outcomes.map(({ column }) => column.title)],
    ...features.map((feature) => [feature, ...outcomes.map((outcome) => cell(outcome, feature))]),
    ['seconds', ...outcomes.map(({ seconds }) => String(seconds))],
  ]
  const widths = rows[0]?.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0))) ?? []
  return rows
    .map((row) =>
      row
        .map((text, index) => text.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const outcomes: Outcome[] = []
  for (const column of columns()) outcomes.push(await runColumn(column))
  console.log(`\nTests that passed, by feature and engine:\n\n${table(outcomes)}`)
  for (const reason of missing) console.log(reason)
  const all = outcomes.flatMap(({ counts }) => Object.values(counts))
  console.log(
    `\n${all.reduce((sum, { passed }) => sum + passed, 0)} passed, ${all.reduce((sum, { failed }) => sum + failed, 0)} failed`,
  )
  return outcomes.every(({ code }) => code === 0) && !(values.strict && missing.length > 0) ? 0 : 1
}

process.exitCode = await main()
