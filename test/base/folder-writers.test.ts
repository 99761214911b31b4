import assert from 'node:assert/strict'
import { chmod, chown, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { replacerOf } from '../../lib/base/folder-writers.ts'
import { hostPathOf, replaceableWarnings } from '../../lib/cli/inputs/bind.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder } from '../support/temporary.ts'

const AGENT = { name: 'agent', uid: 1000, gid: 1000, home: '/home/agent', gids: [1000] }
const folder = await temporaryFolder()

async function make(name: string, mode: number, uid = 0): Promise<string> {
  const path = join(folder, name)
  await mkdir(path)
  await chown(path, uid, uid)
  await chmod(path, mode)
  return path
}

const bind = (path: string): Promise<unknown> => hostPathOf(join(folder, path), AGENT)

describe('who could replace what a path leads to', { skip: lacks('namespaces') }, () => {
  before(async () => {
    for (const [name, mode] of [
      ['shared', 0o1777],
      ['team', 0o1775],
      ['open', 0o777],
      ['closed', 0o755],
    ] as const) {
      await make(name, mode)
      await make(`${name}/of-root`, 0o755)
      await make(`${name}/of-agent`, 0o755, AGENT.uid)
      await make(`${name}/of-agent/below`, 0o755)
    }
    await symlink('of-agent', join(folder, 'closed/link'))
    await symlink(join(folder, 'shared/none'), join(folder, 'closed/dangling'))
  })

  // The path that others could replace, or the folder in which they could.
  const rows: readonly (readonly [path: string, by: string | undefined])[] = [
    ['shared', undefined],
    ['closed/of-root', undefined],
    ['closed/of-agent', undefined],
    ['closed/of-agent/below', 'closed/of-agent'],
    ['closed/link', undefined],
    ['closed/dangling', 'shared'],
    ['closed/none/below', undefined],
    ['shared/of-root', undefined],
    ['shared/of-agent', 'shared/of-agent'],
    ['shared/of-agent/below', 'shared/of-agent'],
    ['shared/none', 'shared'],
    ['shared/of-root/none', undefined],
    ['team/of-root', undefined],
    ['team/of-agent', 'team/of-agent'],
    ['team/none', 'team'],
    ['open/of-root', 'open'],
    ['open/of-agent', 'open'],
  ]
  for (const [path, by] of rows)
    test(`${path}: ${by ?? 'only root'}`, async () => {
      const replacer = await replacerOf(join(folder, path))
      assert.equal(replacer?.path, by && join(folder, by))
    })

  test('--bind refuses a folder that its owner can rename in a folder with the sticky bit', async () => {
    await assert.rejects(
      bind('shared/of-agent'),
      /its owner is not root, and can replace it although the folder above has the sticky bit/,
    )
    await assert.rejects(
      bind('closed/of-agent/below'),
      /others than root can write to .*\/closed\/of-agent, and so replace/,
    )
    for (const path of ['shared/of-root', 'closed/of-agent'])
      assert.deepEqual(await bind(path), { path: join(folder, path), readOnly: false })
  })

  test('folders in a policy are warned of, also if they are missing', async () => {
    const paths = ['shared/of-agent', 'shared/none', 'shared/of-root', 'closed/of-agent']
    const warnings = await replaceableWarnings(paths.map((path) => ({ path: join(folder, path), readOnly: false })))
    assert.equal(warnings.length, 2)
    assert.match(warnings[0] ?? '', /of-agent in the policy: its owner is not root/)
    assert.match(warnings[1] ?? '', /none in the policy: others than root can write to .*\/shared, and so replace/)
  })
})
