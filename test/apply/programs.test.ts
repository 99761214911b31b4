import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { SETTLE_SCRIPT } from '../../lib/apply/rollback/pending.ts'
import {
  CHANGED_CODE,
  GATEWAY_CODE,
  LEFT_BEHIND_CODE,
  PENDING_CODE,
  ROLLBACK_PROGRAM,
  ROLLED_BACK_CODE,
} from '../../lib/apply/rollback/state.ts'
import { commitScript, transactionScript, type Written } from '../../lib/apply/transaction.ts'
import { GATEWAY_UNIT } from '../../lib/daemon-config/gateway-unit.ts'
import { LOCAL_SOCKET } from '../../lib/daemon-config/listen.ts'
import { UNIT_NAME } from '../../lib/daemon-config/unit/installed-unit.ts'
import { factsScript, furtherFactsScript, STATE_FOLDER } from '../../lib/host/facts-script.ts'
import { socketsScript } from '../../lib/host/sockets.ts'

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
    for (const code of [PENDING_CODE, LEFT_BEHIND_CODE]) {
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
