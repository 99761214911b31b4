import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { SETTLE_SCRIPT } from '../../lib/apply/rollback/pending.ts'
import {
  CHANGED_CODE,
  GATEWAY_CODE,
  LEFT_BEHIND_CODE,
  PENDING_CODE,
  GATEWAY_GONE_CODE,
  ROLLBACK_PROGRAM,
  ROLLED_BACK_CODE,
} from '../../lib/apply/rollback/state.ts'
import { commitScript, transactionScript, type Written } from '../../lib/apply/transaction.ts'
import { GATEWAY_UNIT } from '../../lib/daemon-config/gateway-unit.ts'
import { LOCAL_SOCKET } from '../../lib/daemon-config/listen.ts'
import { UNIT_NAME } from '../../lib/daemon-config/unit/installed-unit.ts'
import { factsScript, furtherFactsScript, STATE_FOLDER } from '../../lib/host/facts-script.ts'
import { socketsScript } from '../../lib/host/sockets.ts'
import { temporaryFolder } from '../support/temporary.ts'

const ODD = `/etc/it's "$(touch /tmp/odd)" \`id\``
const PLAN: Written = {
  changes: [{ path: ODD, text: `${ODD}\nDOCKER_MTLS_END\n`, mode: 0o600, action: 'create' }],
  tlsDir: ODD,
  reloadsFirst: true,
  remaps: true,
}
const TRANSACTION = transactionScript(PLAN, { id: '20260101T000000Z-abcdef', after: 180, owner: '1 2' })
const PROGRAMS = {
  transaction: TRANSACTION,
  commit: commitScript('20260101T000000Z-abcdef'),
  rollback: ROLLBACK_PROGRAM,
  settle: SETTLE_SCRIPT,
  facts: factsScript(),
  'further facts': furtherFactsScript({ files: [ODD], more: [['data', ODD]] }),
  sockets: socketsScript(),
}

describe('programs for a host', () => {
  for (const [name, program] of Object.entries(PROGRAMS)) {
    test(`${name}: a POSIX sh can read it`, () => {
      const { status, stderr } = spawnSync('/bin/sh', ['-n'], { input: program, encoding: 'utf8' })
      assert.deepEqual([status, stderr], [0, ''])
    })
  }

  test('they end with the codes that we read', () => {
    for (const code of [PENDING_CODE, ROLLED_BACK_CODE, CHANGED_CODE]) {
      assert.match(TRANSACTION, new RegExp(`^ +exit ${code}$`, 'm'))
    }
    assert.match(TRANSACTION, new RegExp(`\\|\\| exit ${GATEWAY_CODE}$`, 'm'))
    for (const code of [PENDING_CODE, LEFT_BEHIND_CODE, GATEWAY_GONE_CODE]) {
      assert.match(ROLLBACK_PROGRAM, new RegExp(`^ +exit ${code}$`, 'm'))
    }
  })

  test('they mean the folder, the unit and the socket that we mean', () => {
    assert.match(ROLLBACK_PROGRAM, new RegExp(`^s=${STATE_FOLDER}$`, 'm'))
    assert.ok(PROGRAMS.facts.includes(`room ${STATE_FOLDER}\n`))
    for (const program of [TRANSACTION, ROLLBACK_PROGRAM])
      assert.match(program, new RegExp(`^gateway=${GATEWAY_UNIT}$`, 'm'))
    for (const program of [TRANSACTION, ROLLBACK_PROGRAM]) assert.ok(program.includes(`systemctl restart ${UNIT_NAME}`))
    for (const program of [ROLLBACK_PROGRAM, PROGRAMS.facts]) assert.ok(program.includes(`docker -H ${LOCAL_SOCKET} `))
  })
})

/** The text of functions of a program. */
function functionsOf(program: string, ...names: readonly string[]): string {
  const texts = names.map((name) => new RegExp(`^${name}\\(\\) \\{\\n[^]*?^\\}$`, 'm').exec(program)?.[0])
  assert.ok(!texts.includes(undefined), names.join())
  return texts.join('\n')
}

const folder = await temporaryFolder()
const run = (script: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string } =>
  spawnSync('/bin/sh', ['-eu'], { input: script, encoding: 'utf8', cwd: folder })

test('an old apply stays if it has the only copy of a file', async () => {
  const state = join(folder, 'applies')
  for (const id of ['1', '2', '3', '4', '5']) {
    await mkdir(join(state, id), { recursive: true })
    await writeFile(join(state, id, 'owner'), '0 0\n')
    await writeFile(join(state, id, 'previous'), `${Number(id) - 1}\n`)
  }
  await writeFile(join(state, 'last'), '5\n')
  await writeFile(join(state, '1', 'keep'), '')
  const { status, stderr } = run(`s=${state}\n${functionsOf(TRANSACTION, 'started', 'runs', 'prune')}\nprune\n`)
  assert.deepEqual([status, stderr], [0, ''])
  assert.deepEqual((await readdir(state)).toSorted(), ['1', '3', '4', '5', 'last'])
})

describe('a rollback after a removed gateway', () => {
  const UNIT_PATH = `/etc/systemd/system/${GATEWAY_UNIT}`
  const restoring = functionsOf(
    ROLLBACK_PROGRAM,
    'place_beside',
    'same',
    'restore',
    'keeps',
    'set_aside',
    'restore_all',
  )

  test('has mode and owner of its folder on the disk before the folder is changed', () => {
    const note = functionsOf(TRANSACTION, 'note_folder')
    const { stdout } = run(`b=.\nsync() { cat entries; }\n${note}\nnote_folder ${folder}\n`)
    assert.match(stdout, new RegExp(`^=\\d+,0:0 ${folder}\n$`))
  })

  test('restores a file whose folder is gone, also if nothing is known of that folder', async () => {
    const [copies, gone] = [join(folder, 'copies'), join(folder, 'gone')]
    await mkdir(copies)
    await writeFile(join(copies, '1'), 'pem')
    await writeFile(join(copies, 'entries'), `1 ${gone}/ca.pem\n`)
    const { status, stderr } = run(`b=${copies}\n: >${copies}/writer\n${restoring}\nrestore_all\n`)
    assert.deepEqual([status, stderr, await readFile(join(gone, 'ca.pem'), 'utf8')], [0, '', 'pem'])
  })

  test('keeps an edited file aside, also without hard links, or stays as it is', async () => {
    const [copies, path] = [join(folder, 'edited-copies'), join(folder, 'edited')]
    await mkdir(copies)
    await writeFile(join(copies, '1'), 'old')
    await writeFile(join(copies, 'entries'), `1 ${path}\n`)
    await writeFile(join(copies, 'written'), `0 ${path}\n`)
    for (const [without, status, contents] of [
      ['', 0, 'old'],
      ['ln() { return 1; }', 0, 'old'],
      ['ln() { return 1; }\ncp() { return 1; }', 1, 'edited'],
    ] as const) {
      // The restored file was a hard link to its copy.
      for (const one of [path, `${path}.before-rollback`]) await rm(one, { force: true })
      await writeFile(path, 'edited')
      assert.equal(run(`b=${copies}\n${restoring}\n${without}\nrestore_all\n`).status, status, without)
      assert.equal(await readFile(path, 'utf8'), contents, without)
      if (status === 0) assert.equal(await readFile(`${path}.before-rollback`, 'utf8'), 'edited', without)
    }
  })

  test('can run again after a power cut, also if it restores a link', async () => {
    const [copies, link] = [join(folder, 'links'), join(folder, 'wanted')]
    await mkdir(copies)
    await symlink('../unit', join(copies, '1'))
    await writeFile(join(copies, 'entries'), `1 ${link}\n`)
    for (const before of ['nothing', 'the link', 'another link'] as const) {
      if (before === 'another link') await rm(link).then(() => symlink('elsewhere', link))
      const { status, stderr } = run(
        `b=${copies}\n: >${copies}/writer\n${restoring}\nrestore_all\ntest "$failed" = ''\n`,
      )
      assert.deepEqual([status, stderr, await readlink(link)], [0, '', '../unit'], before)
    }
  })

  test('is refused if the program of the gateway is gone, before anything is changed', async () => {
    const [state, program] = [join(folder, 'state'), join(folder, 'main.js')]
    await mkdir(state)
    await writeFile(join(state, '2'), `[Service]\nExecStart=/bin/sh ${program} gateway run --listen 10.0.0.5:2376\n`)
    await writeFile(join(state, 'entries'), `1 /etc/x\n2 ${UNIT_PATH}\n`)
    await writeFile(join(state, 'gateway-was-active'), '')
    const check = `b=${state}\ngateway=${GATEWAY_UNIT}\n${functionsOf(ROLLBACK_PROGRAM, 'refuse_gone_program')}\nrefuse_gone_program\n`
    const { status, stderr } = run(check)
    assert.deepEqual([status, stderr], [GATEWAY_GONE_CODE, `${program}\n`])
    assert.match(functionsOf(ROLLBACK_PROGRAM, 'reopen'), /\n {2}refuse_gone_program\n[^]*\barm\b/)
    await writeFile(program, '')
    assert.equal(run(check).status, 0)
    await rm(program)
    await rm(join(state, 'gateway-was-active'))
    assert.equal(run(check).status, 0)
  })
})
