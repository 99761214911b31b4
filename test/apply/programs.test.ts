import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, test } from 'node:test'
import { parseOriginals, type Originals } from '../../lib/apply/remove/originals.ts'
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
import { sha256 } from './support/fake-shell.ts'

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
    for (const program of [TRANSACTION, ROLLBACK_PROGRAM])
      assert.match(program, new RegExp(`systemctl (?:restart|"\\$verb") ${UNIT_NAME}`))
    for (const program of [ROLLBACK_PROGRAM, PROGRAMS.facts]) assert.ok(program.includes(`docker -H ${LOCAL_SOCKET} `))
  })
})

/** The text of functions of a program. */
function functionsOf(program: string, ...names: readonly string[]): string {
  const texts = names.map((name) => new RegExp(`^${name}\\(\\) \\{\\n[^]*?^\\}$`, 'm').exec(program)?.[0])
  assert.ok(!texts.includes(undefined), names.join())
  return texts.join('\n')
}

/** The main part of the program. */
const MAIN = /^if test "\$how" = asked; then\n[^]*$/m.exec(ROLLBACK_PROGRAM)?.[0] ?? assert.fail()

const folder = await temporaryFolder()
/** A program of that folder. */
const ofRollback = (name: string): Promise<string> =>
  readFile(new URL(`../../lib/apply/rollback/${name}.sh`, import.meta.url), 'utf8')

/** Most programs use it. */
const READ_ID = functionsOf(ROLLBACK_PROGRAM, 'read_id')
const run = (script: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string } =>
  spawnSync('/bin/sh', ['-eu'], { input: `${READ_ID}\n${script}`, encoding: 'utf8', cwd: folder })

const PRUNE = functionsOf(TRANSACTION, 'started', 'runs', 'has_copy', 'remember', 'prune')

test('an old apply stays if it has the only copy of a file', async () => {
  const state = join(folder, 'applies')
  for (const id of ['1', '2', '3', '4', '5']) {
    await mkdir(join(state, id), { recursive: true })
    await writeFile(join(state, id, 'owner'), '0 0\n')
    await writeFile(join(state, id, 'previous'), `${Number(id) - 1}\n`)
    await writeFile(join(state, id, 'entries'), '')
  }
  await writeFile(join(state, 'last'), '5\n')
  await writeFile(join(state, '1', 'keep'), '')
  const { status, stderr } = run(`s=${state}\n${PRUNE}\nprune\n`)
  assert.deepEqual([status, stderr], [0, ''])
  assert.deepEqual((await readdir(state)).toSorted(), ['1', '3', '4', '5', 'before', 'last'])
})

describe('what only an old apply knows outlives its folder', () => {
  const state = join(folder, 'known')
  const [key, json, link] = ['/etc/x/server-key.pem', '/etc/docker/daemon.json', '/etc/a link']
  let id = 0
  /** An apply, with the files that it has replaced, and those that it has written. */
  async function applied(replaced: Readonly<Record<string, string>>, written: Readonly<Record<string, string>>) {
    const own = join(state, String(++id))
    await mkdir(own, { recursive: true })
    const entries = Object.entries(replaced)
    for (const [at, [, text]] of entries.entries()) if (text !== '') await writeFile(join(own, `${at + 1}`), text)
    const numbers = entries.map(([path, text], at) => `${text === '' ? '-' : at + 1} ${path}\n`)
    await writeFile(join(own, 'entries'), `d /etc/x\n=755,0:0 /etc/y\n${numbers.join('')}`)
    const sums = Object.entries(written).map(([path, text]) => `${sha256(text)} ${path}\n`)
    await writeFile(join(own, 'written'), sums.join(''))
    await writeFile(join(own, 'rollback.sh'), ':\n')
    await writeFile(join(own, 'owner'), '0 0\n')
    if (id > 1) await writeFile(join(own, 'previous'), `${id - 1}\n`)
    await writeFile(join(state, 'last'), `${id}\n`)
  }
  const prune = (more = ''): void => {
    const { status, stderr } = run(`s=${state}\n${PRUNE}\n${more}\nprune\n`)
    assert.deepEqual([status, stderr], [0, ''])
  }
  const read = async (): Promise<Originals> => {
    const program = await readFile(new URL('../../lib/apply/remove/originals.sh', import.meta.url), 'utf8')
    return parseOriginals(run(`s=${state}\n${program}`).stdout)
  }
  const contentsOf = (copy = ''): Promise<string> =>
    readFile(copy.replace('/var/lib/docker-mtls', state), 'utf8').catch(() => 'nothing')

  beforeEach(async () => {
    await rm(state, { recursive: true, force: true })
    id = 0
    await applied({ [key]: '', [json]: 'theirs', [link]: '' }, { [key]: 'ours 1', [json]: 'ours 1' })
    await applied({ [key]: 'ours 1', [json]: 'ours 1' }, { [key]: 'ours 2', [json]: 'ours 2' })
    await applied({ [key]: 'their own', [json]: 'ours 2' }, { [key]: 'ours 3', [json]: 'ours 3' })
    for (const _ of [4, 5, 6]) await applied({ [key]: 'ours 3' }, { [key]: 'ours 3' })
  })

  test('the originals, keys that somebody has put there, and the sums of written files', async () => {
    const before = await read()
    // Also if it is interrupted, or if there is no room for another link.
    prune('mv() { return 1; }')
    prune('ln() { return 1; }')
    prune()
    assert.deepEqual((await readdir(state)).toSorted(), ['4', '5', '6', 'before', 'last'])
    const after = await read()
    assert.deepEqual([after.isComplete, after.isAny], [true, true])
    assert.deepEqual(after.written, before.written)
    assert.deepEqual([after.copies.has(key), after.copies.get(key)], [true, undefined])
    assert.equal(await contentsOf(after.copies.get(json)), 'theirs')
    const kept = after.all.filter(({ copy }) => copy.includes('/before/'))
    assert.deepEqual(await Promise.all(kept.map(async ({ path, copy }) => [path, await contentsOf(copy)])), [
      [json, 'theirs'],
      [key, 'their own'],
    ])
    prune()
    assert.deepEqual(await read(), after)
  })

  test('a folder stays as long as what it knows is not kept elsewhere', async () => {
    prune('cp() { return 1; }')
    assert.deepEqual((await readdir(state)).toSorted(), ['1', '2', '3', '4', '5', '6', 'before', 'last'])
    assert.equal((await read()).isComplete, true)
  })

  test('without the first apply, what is known of it is not complete; nor does an apply after a rollback of all count as the first', async () => {
    await rm(join(state, '1'), { recursive: true })
    prune()
    const { isComplete, copies } = await read()
    assert.deepEqual([isComplete, await contentsOf(copies.get(json))], [false, 'ours 1'])
    for (const one of ['4', '5', '6', 'last']) await rm(join(state, one), { recursive: true })
    await applied({}, {})
    await rm(join(state, '7', 'previous'))
    assert.equal((await read()).isComplete, false)
  })
})

describe('a rollback after a removed gateway', () => {
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
      for (const one of [path, `${path}.before-rollback.1`]) await rm(one, { force: true })
      await writeFile(path, 'edited')
      assert.equal(run(`b=${copies} id=1\n${restoring}\n${without}\nrestore_all\n`).status, status, without)
      assert.equal(await readFile(path, 'utf8'), contents, without)
      if (status === 0) assert.equal(await readFile(`${path}.before-rollback.1`, 'utf8'), 'edited', without)
    }
  })

  test('keeps the edited files of several applies aside, each under a name of its own', async () => {
    const path = join(folder, 'edited-twice')
    for (const id of ['b', 'a']) {
      const copies = join(folder, `edited-${id}`)
      await mkdir(copies)
      await writeFile(join(copies, '1'), 'old')
      await writeFile(join(copies, 'entries'), `1 ${path}\n`)
      await writeFile(join(copies, 'written'), `0 ${path}\n`)
      await rm(path, { force: true })
      await writeFile(path, `edited after ${id}`)
      assert.equal(run(`b=${copies} id=${id}\n${restoring}\nrestore_all\n`).status, 0)
    }
    for (const id of ['b', 'a'])
      assert.equal(await readFile(`${path}.before-rollback.${id}`, 'utf8'), `edited after ${id}`)
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

  describe('whose program is gone', () => {
    const [state, units, program] = [join(folder, 'state'), join(folder, 'units'), join(folder, 'main.js')]
    const text = `[Service]\nExecStart=/bin/sh ${program} gateway run --listen 10.0.0.5:2376\n`
    const names = [
      'program_of',
      'unit_copy',
      'gone_for',
      'gateway_runs',
      'refuse_gone_program',
      'limited',
      'restart_gateway',
    ]
    /** A systemd that fails to start the gateway. It says that the gateway is in `$now`. */
    const systemctl =
      'systemctl() { case "$*" in *ActiveState*) echo "$now" ;; *restart*) echo "$*"; test "$2" = --no-block ;; esac; }'
    const start = `b=${state} units=${units} gateway=${GATEWAY_UNIT} how=now restart_s=5\ntimeout() { shift; "$@"; }\n${systemctl}\n${functionsOf(ROLLBACK_PROGRAM, ...names)}\n`
    const ran = (call: string, now = 'active'): ReturnType<typeof run> => run(`${start}now=${now}\n${call}\n`)

    /** The gateway was in this state before the apply, with this unit in its folder or among the copies. */
    async function before(was: 'active' | 'activating' | 'inactive', where: 'unit' | 'copy'): Promise<void> {
      await rm(state, { recursive: true, force: true })
      await Promise.all([state, units].map((one) => mkdir(one, { recursive: true })))
      await writeFile(join(units, GATEWAY_UNIT), where === 'unit' ? text : '[Service]\nExecStart=/bin/sh\n')
      if (where === 'copy') await writeFile(join(state, '2'), text)
      await writeFile(join(state, 'entries'), `1 /etc/x\n${where === 'copy' ? `2 ${units}/${GATEWAY_UNIT}\n` : ''}`)
      await writeFile(join(state, 'gateway'), '')
      if (was !== 'inactive') await writeFile(join(state, 'gateway-was-active'), `${was}\n`)
      await rm(program, { force: true })
    }

    for (const where of ['unit', 'copy'] as const) {
      test(`is refused before anything is changed: the ${where} names it`, async () => {
        await before('active', where)
        const { status, stderr } = ran('refuse_gone_program')
        assert.deepEqual([status, stderr], [GATEWAY_GONE_CODE, `${program}\n`])
        assert.match(functionsOf(ROLLBACK_PROGRAM, 'reopen'), /\n {2}refuse_gone_program\n[^]*\barm\b/)
        await writeFile(program, '')
        assert.equal(ran('refuse_gone_program').status, 0)
        await before('inactive', where)
        assert.equal(ran('refuse_gone_program').status, 0)
      })
    }

    test('is refused for a gateway that did not start, if one works now', async () => {
      await before('activating', 'copy')
      assert.equal(ran('refuse_gone_program').status, GATEWAY_GONE_CODE)
      assert.equal(ran('refuse_gone_program', 'activating').status, 0)
      assert.equal(ran('refuse_gone_program', 'inactive').status, 0)
    })

    test('is not refused for a gateway that ran without its unit file, which it brings back if it can', async () => {
      await before('active', 'unit')
      await rm(join(units, GATEWAY_UNIT))
      const { status, stderr } = ran('refuse_gone_program')
      assert.deepEqual([status, stderr], [GATEWAY_GONE_CODE, `${units}/${GATEWAY_UNIT}\n`])
      await writeFile(join(state, 'entries'), `1 /etc/x\n- ${units}/${GATEWAY_UNIT}\n`)
      assert.equal(ran('refuse_gone_program').status, 0)
      assert.equal(ran('restart_gateway').stdout, `restart --no-block ${GATEWAY_UNIT}\n`)
    })

    test('is not refused after a removal of a gateway that ran without its unit file: nobody has that', async () => {
      await before('active', 'unit')
      await rm(join(units, GATEWAY_UNIT))
      await rm(join(state, 'gateway-was-active'))
      const variables = `s=${folder} b=${state} units=${units} gateway=${GATEWAY_UNIT} gateway_wants=w owner= user= leaves=/l remaps= before=`
      const stubs = `sync() { :; }\nfiles() { :; }\ncopy() { :; }\nrollback_program() { :; }\nsystemctl() { echo active; }\n`
      const backUp = `${variables}\n${stubs}${functionsOf(TRANSACTION, 'started', 'gateway_runs', 'back_up')}\nback_up\n`
      assert.equal(run(backUp).status, 0)
      assert.ok((await readdir(state)).includes('without-unit'))
      assert.equal(ran('refuse_gone_program').status, 0)
      await rm(join(state, 'without-unit'))
      await writeFile(join(units, GATEWAY_UNIT), text)
      assert.equal(run(backUp).status, 0)
      assert.ok(!(await readdir(state)).includes('without-unit'))
    })

    test('ends if the apply was interrupted, so that the next apply can mend the gateway', async () => {
      await before('active', 'unit')
      const { status, stdout } = ran('restart_gateway')
      assert.deepEqual([status, stdout], [0, `restart --no-block ${GATEWAY_UNIT}\n`])
      await writeFile(program, '')
      assert.equal(ran('restart_gateway').status, GATEWAY_CODE)
    })
  })
})

const gatewayFor = (host: string): Record<string, string> => ({
  '../by-hand-units/c.service': `[Service]\nExecStart=/x/docker-mtls gateway run --listen tcp://0.0.0.0:2376 --host=${host}\n`,
})

describe('a rollback by hand', () => {
  const [state, units] = [join(folder, 'by-hand'), join(folder, 'by-hand-units')]
  const names = ['program_of', 'unit_copy', 'gateway_runs', 'way_back', 'gateway_unit', 'refuse_unchecked']
  const start = `s=${folder} id=by-hand b=${state} units=${units} unit_folders=${units} gateway=${GATEWAY_UNIT}\nsystemctl() { echo "\${now-inactive}"; }\n${functionsOf(ROLLBACK_PROGRAM, ...names)}\n`

  /** What it says, and whether it goes on. */
  async function said(
    before: string,
    files: Readonly<Record<string, string | undefined>> = {},
    now = 'inactive',
  ): Promise<string> {
    for (const one of [state, units]) await rm(one, { recursive: true, force: true })
    await mkdir(join(units, 'a.service.d'), { recursive: true })
    await mkdir(state)
    const all = { 'was-active': '', entries: '1 /etc/x\n', before: `${before}\n`, ...files }
    for (const [name, text] of Object.entries(all)) if (text !== undefined) await writeFile(join(state, name), text)
    const { status, stderr } = run(`${start}now=${now}\nrefuse_unchecked\n`)
    return `${status}: ${stderr.trim()}`
  }

  test('says what opens', async () => {
    assert.equal(await said(''), '0: ')
    assert.match(
      await said('open tcp://0.0.0.0:2375\nlistens tcp://0.0.0.0:2375'),
      /^0: dockerd listens on tcp:\/\/0\.0\.0\.0:2375 again, where everybody gets in without a certificate$/,
    )
  })

  test('is refused for a gateway, beside one, and without TLS files that dockerd needs', async () => {
    assert.match(await said('', { gateway: '' }), /^1: .*docker-mtls gateway rollback$/)
    assert.match(await said('listens tcp://10.0.0.5:2376', {}, 'active'), /^1: .*beside a gateway.*run this again$/)
    const proxy = { '../by-hand-units/proxy.service': '[Service]\nExecStart=/x/docker-mtls "gateway" run\n' }
    assert.match(await said('listens tcp://10.0.0.5:2376', proxy), /^1: .*beside a gateway \(.*proxy\.service\)/)
    const dropIn = { '../by-hand-units/a.service.d/x.conf': proxy['../by-hand-units/proxy.service'] }
    assert.match(
      await said('listens tcp://10.0.0.5:2376', dropIn),
      /^1: .*beside a gateway \(.*a\.service\.d\/x\.conf\)/,
    )
    assert.equal(await said('listens tcp://10.0.0.5:2376'), '0: ')
    const product = { '../by-hand-units/other.service': '[Service]\nExecStart=/usr/bin/tool gateway run --port 1\n' }
    assert.equal(await said('listens tcp://10.0.0.5:2376', product), '0: ')
    for (const host of [
      'tcp://b:2376',
      'tcp://10.0.0.50:2376',
      'tcp://10a0.0.5:2376',
      `tcp://${hostname()}2:2376`,
      `ssh://root@${hostname()}.example.com`,
    ])
      assert.equal(await said('listens tcp://10.0.0.5:2376', gatewayFor(host)), '0: ', host)
    for (const host of [
      'tcp://127.0.0.1:2376',
      'tcp://0.0.0.0:2376',
      'tcp://[::]:2376',
      `tcp://${hostname()}:2376`,
      `ssh://root@${hostname()}`,
      `tcp://${hostname().toUpperCase()}:2376`,
      'tcp://LOCALHOST:2376',
      // dockerd's own listener.
      'tcp://10.0.0.5:2376',
      'tcp://10.0.0.5',
    ]) {
      const refused = /^1: .*beside a gateway \(.*c\.service\)/
      assert.match(await said('listens tcp://10.0.0.5:2376', gatewayFor(host)), refused, host)
    }
    const key = join(folder, 'key.pem')
    assert.match(await said(`needs ${key}`), /^1: dockerd would not start without .*key\.pem.*Put it there again$/)
    assert.equal(await said(`needs ${key}`, { entries: `1 /etc/x\n2 ${key}\n` }), '0: ')
    await writeFile(key, '')
    assert.equal(await said(`needs ${key}`), '0: ')
    assert.match(
      await said(`needs ${key}`, { entries: `- ${key}\n` }),
      /^1: dockerd would not start without .*key\.pem.*Run instead: {2}docker-mtls daemon remove$/,
    )
  })

  test('names the program of the gateway, which need not be in PATH', async () => {
    const text = '[Service]\nExecStart=/opt/node /opt/main.js gateway run --policy /p\n'
    const named = /: {2}\/opt\/node \/opt\/main\.js gateway rollback$/
    assert.match(await said('', { gateway: '', [`../by-hand-units/${GATEWAY_UNIT}`]: text }), named)
    const entries = `1 /etc/x\n2 ${units}/${GATEWAY_UNIT}\n`
    assert.match(await said('', { gateway: '', entries, 2: text }), named)
  })

  test('is not held up by a gateway if dockerd did not listen, or is stopped', async () => {
    assert.equal(await said('', {}, 'active'), '0: ')
    const listened = 'listens tcp://10.0.0.5:2376'
    assert.equal(await said(listened, { 'was-active': undefined }, 'active'), '0: ')
    // A copy of an earlier release.
    assert.equal(await said(listened, { before: undefined }, 'active'), '0: ')
    const reopen = functionsOf(ROLLBACK_PROGRAM, 'reopen')
    assert.match(reopen, /"\$1" != checked; then refuse_unchecked; fi\n[^]*\barm\b/)
    assert.match(ROLLBACK_PROGRAM, /^ +reopen "\$\{2-\}"$/m)
  })
})

test('a rollback that dockerd did not survive goes on by the same command, and the host completes it', async () => {
  const state = join(folder, 'goes-on')
  const own = join(state, '1')
  await mkdir(own, { recursive: true })
  for (const name of ['last', 'pending']) await writeFile(join(state, name), '1\n')
  const functions = functionsOf(ROLLBACK_PROGRAM, 'started', 'runs', 'way_back', 'reopen', 'arm_retry', 'end_if_done')
  const stubs = `claim() { return 1; }\narm() { :; }\nrefuse_unchecked() { :; }\nrefuse_gone_program() { :; }\narm_timer() { echo "timer $*"; }\nsystemctl() { echo "$*"; }\nstop_gateway() { exit; }\n`
  const asked = (more = ''): ReturnType<typeof run> =>
    run(`set +e\ns=${state} id=1 b=${own} how=asked retry_s=180 lock_s=5\n${functions}\n${stubs}${more}${MAIN}`)
  const unit = 'docker-mtls-rollback-1'
  const { status, stdout } = asked()
  assert.deepEqual([status, stdout], [0, `stop ${unit}.timer\nreset-failed ${unit}.*\ntimer 1 180\n`])
  const runner = await readFile(join(own, 'runner'), 'utf8')
  assert.match(runner, /^\d+ \d+\n$/)
  // One that runs already isn't joined.
  const living = run(
    `${functionsOf(ROLLBACK_PROGRAM, 'started')}\necho "${process.pid} $(started ${process.pid})"\n`,
  ).stdout
  await writeFile(join(own, 'runner'), living)
  assert.equal(asked().status, PENDING_CODE)
  // An apply that is unfinished is no rollback.
  await writeFile(join(own, 'runner'), runner)
  assert.equal(asked().status, 0)
  await writeFile(join(own, 'writer'), '')
  assert.equal(asked().status, PENDING_CODE)
  // One that has begun since comes before all that would be refused: otherwise, nobody would learn of it.
  await writeFile(join(state, 'pending'), '2\n')
  const gone = `refuse_gone_program() { exit ${GATEWAY_GONE_CODE}; }\n`
  assert.equal(asked(gone).status, PENDING_CODE)
})

describe('a rollback that has restored the files', () => {
  const state = join(folder, 'restored')
  const part = /^if ! test -e "\$b\/restored"; then\n[^]*?^fi$/m.exec(ROLLBACK_PROGRAM)?.[0] ?? assert.fail()
  const goesOn = (): string =>
    run(`set +e\nb=${state}\nsync() { :; }\nrestore_all() { echo restored; }\n${part}\necho on\n`).stdout

  test('leaves them alone when it goes on', async () => {
    await mkdir(state, { recursive: true })
    assert.deepEqual([goesOn(), goesOn()], ['restored\non\n', 'on\n'])
  })

  test('goes on without a note of that on a full disk, and restores them again', async () => {
    await rm(state, { recursive: true, force: true })
    assert.deepEqual([goesOn(), goesOn()], ['restored\non\n', 'restored\non\n'])
    assert.doesNotMatch(ROLLBACK_PROGRAM, /: >"\$b\/going-back"/)
  })

  test('leaves the next apply alone if another run of it was faster', async () => {
    const finish = functionsOf(ROLLBACK_PROGRAM, 'end_if_done', 'finish')
    await mkdir(join(state, '1'), { recursive: true })
    const finished = async (pending: string): Promise<string[]> => {
      await writeFile(join(state, 'pending'), `${pending}\n`)
      const { status } = run(
        `s=${state} id=1 b=${state}/1 how=now returns=''\nsync() { :; }\nsystemctl() { :; }\ndisarm() { echo >${state}/disarmed; }\n${finish}\nfinish\n`,
      )
      return [String(status), ...(await readdir(state)).toSorted()]
    }
    assert.deepEqual(await finished('2'), ['0', '1', 'pending'])
    assert.deepEqual(await finished('1'), ['0', 'disarmed'])
  })
})

describe('two runs of a rollback', () => {
  const state = join(folder, 'two-runs')
  const own = join(state, '1')
  const names = ['started', 'runs', 'limited', 'stop_gateway', 'restart_gateway', 'end_if_done', 'finish']
  const stubs = `s=${state} id=1 b=${own} how=now restart_s=5 lock_s=5 gateway=${GATEWAY_UNIT}\nsync() { :; }\ndisarm() { :; }\nrestart() { :; }\ntimeout() { shift; "$@"; }\n`
  /** Ends the other run as soon as this one has stopped the gateway, or has restored the files. */
  const ran = (when: 'stop' | 'restore'): ReturnType<typeof run> => {
    const ends = `rm -rf ${own} ${state}/pending`
    const systemctl = `systemctl() { echo "$*"; case $1 in ${when}) ${ends} ;; esac; }`
    return run(
      `set +e\n${stubs}${functionsOf(ROLLBACK_PROGRAM, ...names)}\n${systemctl}\nrestore_all() { systemctl restore; }\n${MAIN}`,
    )
  }

  beforeEach(async () => {
    await mkdir(own, { recursive: true })
    await writeFile(join(state, 'pending'), '1\n')
    for (const name of ['gateway', 'gateway-was-active']) await writeFile(join(own, name), 'active\n')
  })

  test('start the gateway again that one has stopped after the other had started it', () => {
    const { status, stdout } = ran('stop')
    assert.deepEqual([status, stdout], [0, `stop ${GATEWAY_UNIT}\nstart --no-block ${GATEWAY_UNIT}\n`])
  })

  test('start it also if the other ends later', () => {
    const { status, stdout } = ran('restore')
    assert.deepEqual([status, stdout], [0, `stop ${GATEWAY_UNIT}\nrestore\nstart --no-block ${GATEWAY_UNIT}\n`])
  })

  test('start no gateway that did not run before', async () => {
    await rm(join(own, 'gateway-was-active'))
    assert.equal(ran('stop').stdout, `stop ${GATEWAY_UNIT}\n`)
  })

  test('do not run at the same time, also with the flock of BusyBox, which has no -w', async () => {
    const bin = join(folder, 'busybox')
    await mkdir(bin, { recursive: true })
    const flock = 'echo "$*" >>"${0%/*}/asked"\ncase $1 in -*) exit 1 ;; esac\nPATH=${PATH#*:} exec flock "$@"\n'
    await writeFile(join(bin, 'flock'), `#!/bin/sh\n${flock}`, { mode: 0o755 })
    const part = `${functionsOf(ROLLBACK_PROGRAM, 'started', 'runs', 'end_if_done')}\nstop_gateway() { PATH=\${PATH#*:} flock -n ${state} true && echo free || echo held; exit; }`
    assert.equal(run(`set +e\nPATH=${bin}:$PATH\n${stubs}${part}\n${MAIN}`).stdout, 'held\n')
    assert.equal(await readFile(join(bin, 'asked'), 'utf8'), '9\n')
  })

  test('do not begin beside each other by a command: the second one waits', async () => {
    const settle = await ofRollback('settle')
    await writeFile(join(own, 'rollback.sh'), 'echo beside\n')
    await writeFile(join(own, 'owner'), '0 0\n')
    const functions = functionsOf(ROLLBACK_PROGRAM, 'started', 'runs')
    const settled = (how: string): unknown[] => {
      const { status, stdout } = run(`s=${state}\n${functions}\n${how}\n${settle}`)
      return [status, stdout]
    }
    assert.deepEqual(settled(`echo "$$ $(started $$)" >${own}/runner`), [11, ''])
    // Every kind of run says so.
    run(
      `set +e\n${stubs}${functionsOf(ROLLBACK_PROGRAM, 'started', 'runs', 'end_if_done')}\nstop_gateway() { cp ${own}/runner ${state}/kept; exit; }\n${MAIN}`,
    )
    assert.match(await readFile(join(state, 'kept'), 'utf8'), /^\d+ \d+\n$/)
    assert.deepEqual(settled(`echo "$$ 1" >${own}/runner\nprune() { :; }\ntidy() { :; }`).slice(1), ['beside\n'])
  })
})

test('the rollback of a failed apply says if the timer was faster', async () => {
  const state = join(folder, 'overtaken')
  const program = await ofRollback('failed-apply')
  const said = (): string => run(`set +e\ns=${state} id=1\ndisarm() { :; }\n${program}`).stdout
  await mkdir(join(state, '1'), { recursive: true })
  await writeFile(join(state, '1', 'rollback.sh'), 'echo "$@"\n')
  await writeFile(join(state, 'pending'), '1\n')
  assert.equal(said(), 'now\n')
  assert.equal(said(), '@overtaken\nnow\n')
  await rm(state, { recursive: true })
  await mkdir(state)
  assert.equal(said(), '@overtaken\n')
})

test('an ID that cannot be read does not count as none: nothing is removed', async () => {
  const state = join(folder, 'unreadable')
  const own = join(state, '1')
  const stubs = `set +e\nid=1 s=${state} b=${own} how=now lock_s=5\ndisarm() { echo >${state}/disarmed; }\nsystemctl() { :; }\n`
  const programs = {
    settle: `${stubs}${PRUNE}\n${await ofRollback('settle')}`,
    'failed-apply': `${stubs}${await ofRollback('failed-apply')}`,
    rollback: `${stubs}${PRUNE}\n${functionsOf(ROLLBACK_PROGRAM, 'end_if_done')}\n${MAIN}`,
    'last-apply': `${stubs}${await ofRollback('last-apply')}`,
  }
  for (const [name, program] of Object.entries(programs)) {
    await mkdir(join(state, 'pending'), { recursive: true })
    await mkdir(own, { recursive: true })
    const { status, stderr } = run(program)
    assert.equal(status, 1, name)
    assert.match(stderr, /directory/, name)
    assert.deepEqual((await readdir(state)).toSorted(), ['1', 'pending'], name)
  }
  for (const unreadable of ['last', 'pending']) {
    await rm(state, { recursive: true })
    await mkdir(join(state, unreadable), { recursive: true })
    await mkdir(own)
    await writeFile(join(own, 'owner'), '0 0\n')
    assert.equal(run(`${stubs}${PRUNE}\nprune\n`).status, 0)
    assert.ok((await readdir(state)).includes('1'), unreadable)
  }
})

test('the rollback of an apply whose answer was lost skips the checks for a rollback by hand', async () => {
  const state = join(folder, 'lost-answer')
  await mkdir(join(state, '1'), { recursive: true })
  await writeFile(join(state, '1', 'rollback.sh'), 'echo "$@"\n')
  await writeFile(join(state, 'last'), '1\n')
  const program = await ofRollback('failed-apply')
  const { stdout } = run(`s=${state} id=1\n${program}`)
  assert.equal(stdout, 'asked checked\n')
  // A later apply was committed since: its copies have to be restored first.
  await mkdir(join(state, '2'))
  for (const [path, text] of [
    ['last', '2\n'],
    ['2/previous', '1\n'],
  ] as const)
    await writeFile(join(state, path), text)
  assert.equal(run(`set +e\ns=${state} id=1\n${program}`).status, PENDING_CODE)
  assert.deepEqual(await readdir(join(state, '1')), ['rollback.sh'])
})

test('an interrupted rollback of a finished apply is told from an apply that was interrupted', async () => {
  const state = join(folder, 'pending-state')
  await mkdir(join(state, '1'), { recursive: true })
  for (const name of ['rollback.sh', 'entries', 'writer', 'was-active', 'gateway'])
    await writeFile(join(state, '1', name), name === 'rollback.sh' ? ':\n' : '')
  const program = await ofRollback('last-apply')
  const told = (): string[] => run(`set +e\ns=${state}\n${program}`).stdout.split('\n', 3)
  await writeFile(join(state, 'last'), '1\n')
  assert.deepEqual(told(), ['last', '1', 'yes gateway'])
  await writeFile(join(state, 'pending'), '1\n')
  assert.deepEqual(told(), ['pending', '1', 'yes gateway'])
  await rm(join(state, '1', 'writer'))
  assert.deepEqual(told(), ['pending', '1', 'yes asked gateway'])
  // A gateway that systemd was only starting did not serve.
  for (const [was, more] of [
    ['activating', ''],
    ['active', ' served'],
  ] as const) {
    await writeFile(join(state, '1', 'gateway-was-active'), `${was}\n`)
    assert.deepEqual(told(), ['pending', '1', `yes asked gateway${more}`])
  }
  // One that ran although its unit file was gone does not come back.
  await writeFile(join(state, '1', 'without-unit'), '')
  assert.deepEqual(told(), ['pending', '1', 'yes asked gateway lost'])
  await writeFile(join(state, '1', 'restored'), '')
  assert.deepEqual(told(), ['pending', '1', 'yes asked restored gateway lost'])
})
