import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { buildPackage } from './runner/package.ts'
import { runCommand } from './support/command.ts'

const LIB = fileURLToPath(new URL('../lib/', import.meta.url))
/** `import {...} from './x.ts'` and `export {...} from './x.ts'`; what is of types alone is gone when it runs. */
const STATIC = /^(?:import|export) (?!type )[^'"]*?from '([^']+)'|^import '([^']+)'/gm

/** Every file of ours that is loaded when this one is, and every package. */
function loadedBy(file: string, seen: Set<string> = new Set()): Set<string> {
  seen.add(relative(LIB, file))
  for (const [, from = '', alone = ''] of readFileSync(file, 'utf8').matchAll(STATIC)) {
    const name = from || alone
    const next = resolve(dirname(file), name)
    if (!name.startsWith('.')) seen.add(name)
    else if (!seen.has(relative(LIB, next))) loadedBy(next, seen)
  }
  return seen
}

test('an app that imports connect() loads what connects, and no more', () => {
  const loaded = [...loadedBy(resolve(LIB, 'index.ts'))]
  assert.ok(loaded.includes('transport/tls.ts'), 'the reader of imports finds nothing')
  const late =
    /^engine\/(client|stream|workflows|checkpoints|configs|containers|distribution|exec|images|networks|nodes|plugins|secrets|services|session|swarm|system|tasks|volumes)\b|^transport\/(ssh\.|ssh-stream|proxy|tunnel|web-socket|grpc)|^(pki|keystore|daemon-config|apply|setup|host|probe|contexts|cli|interop|gateway|audit|policy)\/|zod|yaml|tar-stream|node-forge|dotenv|yauzl|protobuf|commander|node:http2?$|node:child_process/
  assert.deepEqual(
    loaded.filter((name) => late.test(name)),
    [],
  )
})

test('the client itself loads its helpers and builders when they are used', () => {
  const loaded = [...loadedBy(resolve(LIB, 'engine/client.ts'))]
  assert.ok(loaded.includes('engine/containers/containers.ts'), 'the reader of imports finds nothing')
  const late = /^engine\/workflows\/(?!build\/(?:build|plan)\.ts)|tar-stream|protobuf|^transport\/(web-socket|grpc)/
  assert.deepEqual(
    loaded.filter((name) => late.test(name)),
    [],
  )
})

test('what the docker command asks of its plugins loads nothing else', () => {
  const loaded = [...loadedBy(resolve(LIB, 'cli/main.ts'))]
  assert.deepEqual(loaded.toSorted(), ['base/package-version.ts', 'cli/main.ts', 'cli/plugin/metadata.ts', 'node:fs'])
})

const UNDICI = ['api/index', 'dispatcher/client', 'dispatcher/dispatcher', 'dispatcher/pool', 'handler/unwrap-handler']
const POOL = UNDICI.map((name) => `undici/lib/${name}.js`)

/**
 * How many files of ours each entry point may open, one or two more than it does, and which packages it needs. Without
 * scripts/plan-chunks.mjs it would be up to 40.
 */
const BUILT: Readonly<Record<string, { files: number; packages: readonly string[] }>> = {
  index: { files: 10, packages: POOL },
  pki: { files: 8, packages: ['node-forge/lib/asn1.js'] },
  daemon: { files: 5, packages: [] },
  provision: { files: 13, packages: ['node-forge/lib/asn1.js'] },
  probe: { files: 6, packages: [] },
  audit: { files: 8, packages: ['zod'] },
  policy: { files: 8, packages: ['zod'] },
  interop: { files: 8, packages: POOL },
  gateway: { files: 11, packages: POOL },
}

/** An import in the code that esbuild writes, without blanks where none are needed. */
const BUILT_IMPORT = /(?<=^|[;}])\s*(?:import|export)(?![\w$(.])\s*(?:[\w$*{},\s]*?from)?\s*"([^"]+)"\s*;/g

/** What a file of the built package loads at once: files of ours, and modules. */
function builtFiles(file: string, files: Set<string> = new Set(), modules: Set<string> = new Set()) {
  files.add(file)
  for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(BUILT_IMPORT)) {
    const next = resolve(dirname(file), name)
    if (!name.startsWith('.')) modules.add(name)
    else if (!files.has(next)) builtFiles(next, files, modules)
  }
  return { files, modules: [...modules] }
}

/** tar-stream's modules, which esbuild wraps, or protobuf's wire module. */
const hasBundledCode = (file: string): boolean =>
  /"node_modules\/.*"\(exports|\bBinaryReader ?= ?class/m.test(readFileSync(file, 'utf8'))

/** yaml's classes of errors. */
const hasYaml = (file: string): boolean => readFileSync(file, 'utf8').includes('YAMLParseError')

test('each entry point of the built package opens few files, and loads only the packages that it needs', async () => {
  const dist = resolve(dirname(await buildPackage()), '..')
  const { exports } = JSON.parse(readFileSync(resolve(LIB, '../package.json'), 'utf8')) as { exports: object }
  const names = Object.keys(exports).map((name) => (name === '.' ? 'index' : name.replace('./', '')))
  assert.deepEqual(
    names.filter((name) => name !== 'package.json'),
    Object.keys(BUILT),
  )
  for (const [name, expected] of Object.entries(BUILT)) {
    const { files, modules } = builtFiles(resolve(dist, `${name}.js`))
    const packages = modules.filter((module) => !module.startsWith('node:')).toSorted()
    assert.deepEqual(packages, expected.packages, name)
    assert.ok(files.size > 1 && files.size <= expected.files, `${name} opens ${files.size} files`)
    assert.deepEqual([...files].filter(hasBundledCode), [], name)
    assert.equal([...files].some(hasYaml), name === 'policy', `${name} and yaml`)
  }
  const chunks = readdirSync(resolve(dist, 'chunks')).map((name) => resolve(dist, 'chunks', name))
  assert.equal(chunks.filter(hasBundledCode).length, 2)
  const { modules } = builtFiles(resolve(dist, 'daemon.js'))
  // Node itself has loaded them. Whether node:util is one depends on the chunks that were joined.
  assert.deepEqual(modules.filter((name) => name !== 'node:util').toSorted(), ['node:events', 'node:path'])
})

test('an app that has few file descriptors left can connect: zod 4 reads a hundred files at once', async () => {
  const index = resolve(dirname(await buildPackage()), '..', 'index.js')
  const app = `const { connect } = await import(${JSON.stringify(index)})
    await connect({ host: 'tcp://127.0.0.1:1', certPath: '/nowhere' }, { HOME: '/' }).catch(({ code }) => console.log(code))`
  const { stdout, stderr } = await runCommand('sh', [
    '-c',
    'ulimit -n 48; exec node --input-type=module -e "$1"',
    '-',
    app,
  ])
  assert.equal(stdout, 'ERR_IDENTITY_FILE_MISSING\n', stderr)
})
