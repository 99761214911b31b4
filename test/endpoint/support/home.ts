import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import type { StoredContext } from '../truth-table.ts'

/** A home folder that is gone after the test. */
export async function temporaryHome(t: TestContext): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'docker-mtls-endpoint-'))
  t.after(() => rm(home, { recursive: true, force: true }))
  return home
}

export async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}

function sha256(name: string): string {
  return createHash('sha256').update(name).digest('hex')
}

export function metaPath(config: string, name: string): string {
  return join(config, 'contexts', 'meta', sha256(name), 'meta.json')
}

export function tlsPath(config: string, name: string): string {
  return join(config, 'contexts', 'tls', sha256(name), 'docker')
}

/** Stores a context as the Docker CLI does. */
export async function writeContext(
  config: string,
  name: string,
  { Host, SkipTLSVerify = false, tls = [] }: StoredContext,
): Promise<void> {
  const meta = { Name: name, Metadata: {}, Endpoints: { docker: { Host, SkipTLSVerify } } }
  await write(metaPath(config, name), JSON.stringify(meta))
  for (const file of tls) await write(join(tlsPath(config, name), file), 'PEM')
}

/** Puts an address and a home folder in the places that the truth table leaves open. */
export function fill<T>(value: T, places: Readonly<Record<string, string>>): T {
  const text = JSON.stringify(value).replace(/\{([A-Z]+)\}/g, (all, name: string) => places[name] ?? all)
  return JSON.parse(text) as T
}
