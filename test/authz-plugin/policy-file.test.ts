import assert from 'node:assert/strict'
import { open, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { PolicyFile } from '../../lib/authz-plugin/policy-file.ts'
import { isDockerMtlsError } from '../../lib/index.ts'
import { runCommand } from '../support/command.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'

const rule = (name: string): string => `  - name: ${name}\n    who: { commonName: ${name} }\n    level: baseline\n`
const policyOf = (...names: string[]): string => `version: 1\nrules:\n${names.map(rule).join('')}`

interface Followed {
  readonly path: string
  /** `ann, bob`, or the code of a failure. */
  readonly said: string[]
  /** Waits until so many things were said. */
  readonly until: (count: number) => Promise<string | undefined>
}

async function follow(t: Cleanable, text?: string): Promise<Followed> {
  const path = join(await temporaryFolder(t), 'policy.yaml')
  if (text !== undefined) await writeFile(path, text)
  const said: string[] = []
  const file = new PolicyFile(path, {
    onPolicy: ({ rules }) => said.push(rules.map(({ name }) => name).join(', ')),
    onFailure: (error) => said.push(isDockerMtlsError(error) ? error.code : String(error)),
  })
  t.after(async () => file.stop())
  await file.start()
  const until = async (count: number): Promise<string | undefined> => {
    for (let round = 0; round < 500 && said.length < count; round++) await delay(10)
    return said[count - 1]
  }
  return { path, said, until }
}

describe('a policy file', () => {
  test('counts from the start, and after each change, however it is made', async (t) => {
    const { path, said, until } = await follow(t, policyOf('ann'))
    assert.deepEqual(said, ['ann'])
    await writeFile(path, policyOf('ann', 'bob'))
    assert.equal(await until(2), 'ann, bob')
    await writeFile(`${path}.new`, policyOf('bob'))
    await rename(`${path}.new`, path)
    assert.equal(await until(3), 'bob')
    await delay(1500)
    assert.equal(said.length, 3, 'nothing has changed since')
  })

  test('a broken or missing one is said once, and a correct one counts again', async (t) => {
    const { path, said, until } = await follow(t, 'version: 1\nrul')
    assert.deepEqual(said, ['ERR_POLICY_INVALID'])
    await rm(path)
    assert.equal(await until(2), 'ERR_FILE_READ')
    await writeFile(path, '\0'.repeat(2 * 1024 * 1024))
    await delay(2000)
    await writeFile(path, policyOf('ann'))
    assert.equal(await until(4), 'ann')
    assert.deepEqual(said, ['ERR_POLICY_INVALID', 'ERR_FILE_READ', 'ERR_FILE_READ', 'ann'])
  })

  test('a pipe in its place is said once, and a file counts again', async (t) => {
    const { path, said, until } = await follow(t, policyOf('ann'))
    await rm(path)
    assert.equal((await runCommand('mkfifo', [path])).code, 0)
    assert.equal(await until(2), 'ERR_FILE_READ')
    await delay(1_500)
    await rm(path)
    await writeFile(path, policyOf('ann', 'bob'))
    assert.equal(await until(3), 'ann, bob')
    assert.equal(said.length, 3)
  })

  test('there is none at first', async (t) => {
    const { path, said, until } = await follow(t)
    assert.deepEqual(said, ['ERR_FILE_READ'])
    await writeFile(path, policyOf('ann'))
    assert.equal(await until(2), 'ann')
  })

  test('one that is being written is not taken by halves, although each half is a policy', async (t) => {
    const { path, said, until } = await follow(t, policyOf('ann'))
    const writer = await open(path, 'w')
    const whole = policyOf('bob') + '    deny: { operations: [exec.*] }\n' + rule('ann')
    for (const line of whole.split(/(?<=\n)/)) {
      await writer.write(line)
      await delay(200)
    }
    await writer.close()
    assert.equal(await until(2), 'bob, ann')
    assert.equal(said.length, 2)
  })
})
