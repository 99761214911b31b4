import assert from 'node:assert/strict'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { packageFiles, packageOf } from '../../lib/setup/gateway/package-files.ts'
import { runCommand } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary.ts'

const folder = await temporaryFolder()

async function write(files: Readonly<Record<string, string>>, at: string): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(at, path)), { recursive: true })
    await writeFile(join(at, path), text)
  }
}

function manifest(name: string, dependencies: readonly string[] = [], version = '1.0.0'): string {
  return JSON.stringify({ name, version, dependencies: Object.fromEntries(dependencies.map((one) => [one, '*'])) })
}

const says = (text: string): string => `module.exports = ${text}`

/** Hoisted, nested in two depths, scoped, and by a link, as different package managers place packages. */
const INSTALLED: Readonly<Record<string, string>> = {
  'node_modules/own/package.json': manifest('own', ['a', 'b', '@scope/c', '@types/node', 'linked']),
  'node_modules/own/dist/cli/package.json': '{ "type": "commonjs" }',
  'node_modules/own/dist/cli/main.js':
    "console.log([require('a'), require('b'), require('@scope/c'), require('linked')].join())",
  'node_modules/own/dist/index.d.ts': 'export {}',
  'node_modules/own/docs/page.md': 'text',
  'node_modules/own/README.md': 'text',
  'node_modules/own/LICENSE': 'text',
  'node_modules/own/node_modules/d/package.json': manifest('d', [], '9.0.0'),
  'node_modules/own/node_modules/d/index.js': says("'never'"),
  'node_modules/a/package.json': manifest('a', ['d', 'e']),
  'node_modules/a/index.js': says("'a' + require('d') + require('e')"),
  'node_modules/b/package.json': manifest('b', ['d', 'a']),
  'node_modules/b/index.js': says("'b' + require('d') + require('a')"),
  'node_modules/b/node_modules/d/package.json': manifest('d', ['e'], '2.0.0'),
  'node_modules/b/node_modules/d/index.js': says("'d2' + require('e')"),
  'node_modules/b/node_modules/d/node_modules/e/package.json': manifest('e', [], '2.0.0'),
  'node_modules/b/node_modules/d/node_modules/e/index.js': says("'e2'"),
  'node_modules/@scope/c/package.json': manifest('@scope/c', ['d']),
  'node_modules/@scope/c/index.js': says("'c' + require('d')"),
  'node_modules/d/package.json': manifest('d'),
  'node_modules/d/index.js': says("'d1'"),
  'node_modules/d/index.js.map': '{}',
  'node_modules/e/package.json': manifest('e'),
  'node_modules/e/index.js': says("'e1'"),
  'node_modules/unneeded/package.json': manifest('unneeded'),
  'node_modules/@types/node/package.json': manifest('@types/node'),
  'store/linked/package.json': manifest('linked', ['f']),
  'store/linked/index.js': says("'l' + require('f')"),
  'store/node_modules/f/package.json': manifest('f'),
  'store/node_modules/f/index.js': says("'f'"),
}

describe('the files of a package, with all that it needs', () => {
  test('Node finds the same packages in the copy, and nothing else is there', async () => {
    const from = join(folder, 'from')
    await write(INSTALLED, from)
    await symlink('../store/linked', join(from, 'node_modules/linked'))
    const root = join(from, 'node_modules/own')
    const files = await packageFiles(root)
    const to = join(folder, 'to')
    await write(Object.fromEntries(files.map(({ path, bytes }) => [path, bytes.toString()])), to)
    const [there, here] = await Promise.all(
      [root, to].map((at) => runCommand(process.execPath, [join(at, 'dist/cli/main.js')], {})),
    )
    assert.equal(here?.stdout, 'ad1e1,bd2e2ad1e1,cd1,lf\n', here?.stderr)
    assert.equal(here.stdout, there?.stdout)
    const names = files.map(({ path }) => path)
    assert.deepEqual(
      names.filter((name) => !name.startsWith('node_modules/')),
      ['LICENSE', 'dist/cli/main.js', 'dist/cli/package.json', 'package.json'],
    )
    assert.deepEqual(
      names.filter((name) => /unneeded|@types|\.map$|never/.test(name)),
      [],
    )
  })

  test('a package that is missing is named', async () => {
    const root = join(folder, 'lacks')
    await write({ 'package.json': manifest('own', ['not-there']), 'dist/cli/main.js': '' }, root)
    await assert.rejects(packageFiles(root), { code: 'ERR_FILE_READ', message: /the package not-there, which .*lacks/ })
  })

  test('the package of a script is found above it, unless it runs from its sources', async () => {
    const root = join(folder, 'from/node_modules/own')
    assert.deepEqual(await packageOf(join(root, 'dist/cli/main.js')), { root, version: '1.0.0' })
    assert.equal(await packageOf(join(root, 'lib/cli/main.ts')), undefined)
  })
})
