import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import type { Archive, ArchivedFile } from '../../../scripts/release/archive.ts'
import { checkContents } from '../../../scripts/release/contents.ts'
import type { Manifest } from '../../../scripts/release/version.ts'

const MANIFEST: Manifest = {
  name: 'docker-mtls',
  version: '1.0.0',
  exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' }, './package.json': './package.json' },
  bin: { 'docker-mtls': 'dist/cli/main.js' },
}
const PATHS = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'SECURITY.md',
  'package.json',
  'dist/bundled-licenses.txt',
  'dist/chunks/shared-0A1B2C3D.js',
  'dist/cli/known-commands.json',
  'dist/cli/package.json',
  'dist/engine/containers/types/one.d.ts',
  'dist/index.d.ts',
  'dist/index.js',
  'docs/audit.md',
  'docs/checks/api-plaintext.md',
]
const KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })

function file(contents = '', mode = 0o644): ArchivedFile {
  return { mode, mtime: 0, contents }
}

/** The files of a good package, with others. */
function archive(others: Readonly<Record<string, ArchivedFile>> = {}, without = ''): Archive {
  const files = Object.fromEntries(PATHS.map((path) => [path, file()]))
  const all = { ...files, 'dist/cli/main.js': file('#!/usr/bin/env node', 0o755), ...others }
  return new Map(Object.entries(all).filter(([path]) => path !== without))
}

test('a tarball has the code, the types and the papers', () => {
  assert.doesNotThrow(() => checkContents(archive(), MANIFEST, ['/home/builder']))
  const shown = file('-----BEGIN PRIVATE KEY-----\n...')
  assert.doesNotThrow(() => checkContents(archive({ 'docs/audit.md': shown }), MANIFEST, []))
})

for (const path of [
  '.env',
  'key.pem',
  'dist/index.js.map',
  'dist/index.ts',
  'dist/client-key.pem',
  'dist/.env',
  'docs/notes.txt',
  'docs/api/index.md',
  'lib/index.ts',
  'test/package.test.ts',
  'release/SHA256SUMS',
]) {
  test(`${path} has no place in it`, () => {
    assert.throws(() => checkContents(archive({ [path]: file() }), MANIFEST, []), {
      name: 'Refusal',
      message: `In the tarball, ${path} is unexpected.`,
    })
  })
}

for (const path of ['LICENSE', 'README.md', 'dist/bundled-licenses.txt', 'dist/index.d.ts', 'dist/cli/main.js']) {
  test(`${path} must not be missing`, () => {
    assert.throws(() => checkContents(archive({}, path), MANIFEST, []), {
      message: `In the tarball, ${path} is missing.`,
    })
  })
}

const INSIDE: Record<string, [files: Record<string, ArchivedFile>, said: RegExp]> = {
  'a folder of the machine': [{ 'dist/index.js': file('at /home/builder/lib') }, /dist\/index\.js names the folder/],
  'a key': [{ 'docs/audit.md': file(KEY as string) }, /docs\/audit\.md contains a private key/],
  'a key in a string': [{ 'dist/index.js': file(JSON.stringify(KEY)) }, /dist\/index\.js contains a private key/],
  'the name of a source map': [
    { 'dist/index.js': file('a()\n//# sourceMappingURL=index.js.map\n') },
    /dist\/index\.js names a source map/,
  ],
  'a file for its owner only': [{ 'dist/index.js': file('', 0o600) }, /dist\/index\.js has mode 600 instead of 644/],
  'another program': [{ 'dist/index.js': file('', 0o755) }, /dist\/index\.js has mode 755 instead of 644/],
  'a command that nobody can run': [{ 'dist/cli/main.js': file() }, /main\.js has mode 644 instead of 755/],
}
for (const [name, [files, said]] of Object.entries(INSIDE)) {
  test(`${name} has no place in it`, () => {
    assert.throws(() => checkContents(archive(files), MANIFEST, ['/home/builder']), said)
  })
}
