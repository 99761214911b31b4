import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isHarmlessPs } from '../../../lib/policy/judging/ps.ts'
import { runCommand } from '../../support/command.ts'

/** What users pass to `docker top`. */
const USUAL = [
  '-e',
  '-ef',
  '-efww',
  'aux',
  'auxww',
  'waux',
  'xauw',
  '-aux',
  'ax',
  '-el',
  'aux -ww',
  '-o pid,comm',
  '-opid',
  '-eo pid,ppid,user,args',
  '-o user,pid,cmd',
  'axo pid,lstart,args',
  '-eo pid,%cpu,%mem,args',
  '-o pid,user:20,args',
  '-eo user:20,pid:9,args',
  '-eo pid,maj_flt,args',
  '-e -o pid,etime,comm',
  '-eo uid,gid,tty,stat,ni,time,etime,pcpu,pmem,rss,vsz,pid,args',
]

describe('options of ps', () => {
  for (const options of USUAL)
    test(`"${options}" is allowed: the column PID has the numbers of processes`, async () => {
      assert.equal(isHarmlessPs(options), true)
      const { code, stdout, stderr } = await runCommand('ps', options.split(' '))
      assert.equal(code, 0, stderr)
      const [title = '', ...rows] = stdout
        .trim()
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
      const at = title.indexOf('PID')
      assert.ok(at >= 0 && rows.length > 0, stdout)
      for (const row of rows) assert.match(row[at] ?? '', /^\d+$/, row.join(' '))
    })

  test('none is what dockerd itself takes', () => {
    for (const options of ['', ' ']) assert.equal(isHarmlessPs(options), true)
  })

  for (const options of [
    'wauxuw',
    'wwauxw',
    'auxe',
    'waxo',
    'uw',
    'wx',
    'uaxZ w',
    // Five words in a column with one title.
    'ewwf -eo lstart,etimes,uid,uid,uid,pid,ppid,args',
    '-eo lstart,pid',
    '-eo args,pid',
    '-eo comm,pid,args',
    '-eo start,pid',
    '-eo label,pid',
    '-eo pid,lstart,etimes,uid,uid,uid,pid,args',
    '-o pid,args,pid:9',
    '-eo pid,args:9999',
    '-eo user,etimes',
    // A column by another title, or further columns.
    '-oetimes=PID -oargs',
    '-eo etimes=PID,pid',
    '-o pid -o lstart',
    '-eo pid,args -o lstart',
    'auxZ',
    '-eM',
    // The environment, and a tree.
    'auxe',
    'e',
    'ef',
    'auxf',
    '-ef --forest',
    '--sort=pid',
    '-eo pid,args e',
    '-C sshd',
    '-eo pid;id',
    '-eo PID,args',
    '-eo user\npid',
  ])
    test(`"${options}" is refused`, () => assert.equal(isHarmlessPs(options), false))
})
