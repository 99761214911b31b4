import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

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
    /^engine\/(client|stream|workflows|checkpoints|configs|containers|distribution|exec|images|networks|nodes|plugins|secrets|services|session|swarm|system|tasks|volumes)\b|^transport\/(ssh\.|ssh-stream|proxy|tunnel|web-socket|grpc)|^(pki|daemon|provision|contexts|cli|interop)\/|zod|tar-stream|node-forge|dotenv|yauzl|protobuf|commander|node:http2?$|node:child_process/
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
  assert.deepEqual(loaded.toSorted(), ['cli/main.ts', 'cli/package-version.ts', 'cli/plugin/metadata.ts', 'node:fs'])
})
