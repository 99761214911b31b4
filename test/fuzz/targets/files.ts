import { createHash } from 'node:crypto'
import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listContexts } from '../../../lib/contexts/list.ts'
import { parseContextMeta } from '../../../lib/endpoint/context-meta.ts'
import { resolveEndpoint } from '../../../lib/endpoint/resolve.ts'
import { Patterns, readIgnoreFile } from '../../../lib/engine/workflows/build/ignore-patterns.ts'
import { readChain } from '../../../lib/keystore/ledger-chain.ts'
import { readLedger, verifyLedger } from '../../../lib/keystore/ledger.ts'
import { parseRotation } from '../../../lib/keystore/rotate/state.ts'
import { loadRegistryCredentials } from '../../../lib/registry/credentials.ts'
import { demand, REFUSED, type Target } from '../target.ts'

let folder = ''
const ownFolder = (): string => (folder ||= mkdtempSync(join(tmpdir(), 'files-')))

function readMeta(bytes: Buffer): unknown {
  const meta = parseContextMeta(bytes.toString('utf8'))
  if (typeof meta === 'string') return REFUSED
  demand(meta.host !== '' && typeof meta.name === 'string', 'a field is missing')
  return meta
}

/** A config.json with a current context and registry logins. */
async function readConfig(bytes: Buffer): Promise<unknown> {
  const DOCKER_CONFIG = join(ownFolder(), 'config')
  mkdirSync(DOCKER_CONFIG, { recursive: true })
  writeFileSync(join(DOCKER_CONFIG, 'config.json'), bytes)
  const credentials = loadRegistryCredentials({ env: { DOCKER_CONFIG, PATH: '/nonexistent' } })
  await credentials.for('ghcr.io/a/b')
  await credentials.for('alpine')
  await credentials.all()
  return resolveEndpoint({}, { DOCKER_CONFIG })
}

/** A context in a store. */
async function readStore(bytes: Buffer): Promise<void> {
  const DOCKER_CONFIG = join(ownFolder(), 'store')
  const id = createHash('sha256').update('prod').digest('hex')
  const meta = join(DOCKER_CONFIG, 'contexts', 'meta', id)
  mkdirSync(meta, { recursive: true })
  writeFileSync(join(meta, 'meta.json'), bytes)
  await listContexts(DOCKER_CONFIG)
}

async function readEnvFile(bytes: Buffer): Promise<unknown> {
  const envFile = join(ownFolder(), 'env')
  writeFileSync(envFile, bytes)
  return resolveEndpoint({ envFile }, {})
}

const PATHS = [
  'a',
  'a/b/c.pem',
  'node_modules/x/y/z',
  'src/key.pem',
  `${'a/'.repeat(50)}b`,
  'ä/\u{1f4a9}',
  '!x',
  'a'.repeat(200),
]

function readIgnored(bytes: Buffer): void {
  const patterns = readIgnoreFile(bytes.toString('utf8'))
  const matcher = new Patterns(patterns)
  for (const path of PATHS) {
    const { hits } = matcher.match(path)
    demand(hits.length <= patterns.length, 'there are more hits than patterns')
    matcher.mayMatchBelow(path)
    matcher.mayExceptBelow(path)
  }
}

async function readLedgerFile(bytes: Buffer): Promise<unknown> {
  const chain = readChain(bytes)
  demand(chain.entries >= 0 || chain.faults.length > 0, 'a negative number of entries is no fault')
  const path = join(ownFolder(), 'issued.jsonl')
  writeFileSync(path, bytes)
  const { faults } = await verifyLedger(path)
  const entries = await readLedger(path)
  return { faults, entries }
}

function readState(bytes: Buffer): void {
  const { phase, startedAt } = parseRotation(bytes.toString('utf8'), 'rotation.json')
  demand(typeof phase === 'string' && !Number.isNaN(Date.parse(startedAt)), 'a field is invalid')
}

const GLOBS = ['*a', '**/a', '**/', '*', '?', '[a-z]', '[^a]', '\\', '!', '#', '/**', '**', '[', ']', '/', '..', '.']

export const targets: readonly Target[] = [
  { name: 'context-meta', read: readMeta, format: 'json', accepts: 0.05 },
  { name: 'context-store', read: readStore, format: 'json', pace: 4 },
  {
    name: 'docker-config',
    read: readConfig,
    format: 'json',
    words: ['"auths"', '"credsStore"', '"currentContext"'],
    pace: 4,
  },
  {
    name: 'env-file',
    read: readEnvFile,
    words: ['DOCKER_HOST=', 'export ', '$Env:', 'set ', '"', "'", '\\', '`', '#'],
    pace: 4,
  },
  { name: 'dockerignore', read: readIgnored, words: GLOBS, accepts: 0.05, pace: 8, longest: 256 * 1024 },
  // Three readers, and each line that isn't JSON costs an exception.
  { name: 'ledger', read: readLedgerFile, format: 'json', accepts: 0.02, pace: 16 },
  { name: 'rotation-state', read: readState, format: 'json' },
]
