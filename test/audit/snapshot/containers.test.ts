import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ENDPOINT_SYSCTLS } from '../../../lib/container/endpoint-options.ts'
import { CHECKS } from '../../../lib/audit/checks.ts'
import { auditSnapshot } from '../../../lib/audit/report.ts'
import { collectSnapshot } from '../../../lib/audit/snapshot/collect.ts'
import { SNAPSHOT } from '../../../lib/audit/snapshot/snapshot.ts'
import { pretend, type Answer } from '../../support/pretend.ts'

const idOf = (digit: string): string => digit.repeat(64)
const HOSTILE = '/\u001B[2J<img src=x onerror=alert(1)>=cmd|x\u202E'

/** Answers by path; text is sent as it is, and a number is a status. */
function answering(answers: Readonly<Record<string, unknown>>): Answer {
  return ({ url = '' }, response) => {
    const path = url.replace(/^\/v1\.45/, '').replace(/\?.*/, '')
    const found = Object.entries(answers).find(([suffix]) => path.endsWith(suffix))?.[1] ?? 404
    response.setHeader('content-type', 'application/json')
    if (typeof found === 'number') return void response.writeHead(found).end(JSON.stringify({ message: 'gone' }))
    return void response.end(typeof found === 'string' ? found : JSON.stringify(found))
  }
}

describe('containers of a daemon that answers badly', () => {
  test('one is hidden, one is rubbish, one is hostile; the others are still read', async (t) => {
    const { docker } = await pretend(t, {
      answer: answering({
        '/containers/json': ['1', '2', '3', '4', '5'].map((digit) => ({ Id: idOf(digit), Image: 'x' })),
        [`/containers/${idOf('1')}/json`]: 404,
        [`/containers/${idOf('2')}/json`]: '{"Id": ',
        [`/containers/${idOf('3')}/json`]: [1, 2, 3],
        [`/containers/${idOf('4')}/json`]: {
          Name: HOSTILE,
          HostConfig: { CapAdd: [HOSTILE], Privileged: 'no' },
          Mounts: 7,
        },
        [`/containers/${idOf('5')}/json`]: {
          Name: '/good',
          State: { Running: false },
          HostConfig: { Privileged: false },
        },
      }),
    })
    const snapshot = await collectSnapshot(docker)
    assert.ok('value' in snapshot.containers, 'containers were listed')
    assert.deepEqual(
      snapshot.containers.value.map(({ id }) => id[0]),
      ['2', '3', '4', '5', '1'],
    )
    const { findings } = auditSnapshot(snapshot)
    const privileged = findings.filter(({ check }) => check === 'C-PRIV').map(({ status }) => status)
    assert.deepEqual(privileged, ['unknown', 'unknown', 'unknown', 'pass', 'unknown'])
    const hostile = findings.filter(({ subject }) => subject.kind === 'container' && subject.id === idOf('4'))
    const judged = hostile.filter(({ status }) => status === 'pass' || status === 'fail').map(({ check }) => check)
    // Their fields are left out if they are empty.
    assert.deepEqual(judged, ['C-MOUNTDRV', 'C-IMGMOUNT'])
    assert.equal(hostile.length, CHECKS.filter(({ family }) => family === 'container').length)
  })

  test('one that was removed meanwhile is left out', async (t) => {
    let lists = 0
    const [gone, stays] = [{ Id: idOf('1') }, { Id: idOf('2') }]
    const { docker } = await pretend(t, {
      answer: (request, response) => {
        const listed = lists === 0 ? [gone, stays] : [stays]
        if (/\/containers\/json/.test(request.url ?? '')) lists++
        const inspect = { Name: '/good', State: { Running: false } }
        const answers = { '/containers/json': listed, [`/${gone.Id}/json`]: 404, [`/${stays.Id}/json`]: inspect }
        return answering(answers)(request, response)
      },
    })
    const { containers } = await collectSnapshot(docker)
    assert.deepEqual('value' in containers && containers.value.map(({ name }) => name), ['good'])
  })

  test('a list that can not be read is unknown to every check', async (t) => {
    const { docker } = await pretend(t, { answer: answering({ '/containers/json': { Id: 'x' } }) })
    const { findings } = auditSnapshot(await collectSnapshot(docker))
    const ids = new Set(CHECKS.filter(({ family }) => family === 'container').map(({ id }) => id))
    const ofContainers = findings.filter(({ check }) => ids.has(check))
    assert.equal(ofContainers.length, ids.size)
    assert.deepEqual([...new Set(ofContainers.map(({ status }) => status))], ['unknown'])
  })

  test('processes: their names alone are asked for, and a refusal leaves the rest', async (t) => {
    const running = { Name: '/web', State: { Running: true }, ExecIDs: null }
    const { docker, asked } = await pretend(t, {
      answer: answering({
        '/containers/json': [{ Id: idOf('1') }, { Id: idOf('2') }, { Id: idOf('3') }],
        [`/containers/${idOf('1')}/json`]: running,
        [`/containers/${idOf('1')}/top`]: { Titles: ['PID', 'COMMAND'], Processes: [['1', 'sshd'], ['2'], []] },
        [`/containers/${idOf('2')}/json`]: running,
        [`/containers/${idOf('2')}/top`]: 500,
        [`/containers/${idOf('3')}/json`]: running,
        [`/containers/${idOf('3')}/top`]: { Titles: ['PID', 'CMD'], Processes: [['1', 'sshd -D secret']] },
      }),
    })
    const snapshot = await collectSnapshot(docker)
    const found = auditSnapshot(snapshot).findings.filter(({ check }) => check === 'C-SSHD')
    assert.deepEqual(
      found.map(({ status }) => status),
      ['fail', 'unknown', 'unknown'],
    )
    assert.ok(!JSON.stringify(snapshot).includes('secret'), 'no arguments')
    const tops = asked.filter((request) => request.includes('/top'))
    assert.ok(
      tops.length === 3 && tops.every((request) => decodeURIComponent(request).includes('pid,comm')),
      tops.join(),
    )
  })

  test('execs: one that has ended is left out, and one that can not be read hides none', async (t) => {
    const ended = { [`/exec/${idOf('a')}/json`]: 404 }
    for (const [answer, status] of [
      [404, 'pass'],
      [500, 'unknown'],
      ['rubbish', 'unknown'],
      [{ ID: 'b', Running: true, ProcessConfig: { privileged: true, user: '' } }, 'fail'],
    ] as const) {
      const { docker } = await pretend(t, {
        answer: answering({
          '/containers/json': [{ Id: idOf('1') }],
          [`/containers/${idOf('1')}/json`]: { Name: '/web', ExecIDs: [idOf('a'), idOf('b')] },
          ...ended,
          [`/exec/${idOf('b')}/json`]: answer,
        }),
      })
      const { findings } = auditSnapshot(await collectSnapshot(docker))
      assert.equal(findings.find(({ check }) => check === 'C-EXEC')?.status, status, JSON.stringify(answer))
    }
  })

  test('a snapshot keeps no values, passwords or options of drivers, and does not change when it is replayed', async (t) => {
    const { docker } = await pretend(t, {
      answer: answering({
        '/containers/json': [{ Id: idOf('1'), Image: 'x' }],
        [`/containers/${idOf('1')}/json`]: {
          Name: '/web',
          Config: {
            Env: ['A=canary1', 'EMPTY=', 'DOCKER_HOST=tcp://u:canary2@h:2375'],
            Cmd: ['canary3'],
            Labels: { a: 'canary4' },
          },
          HostConfig: {
            Sysctls: 'rubbish',
            LogConfig: { Type: 'gelf', Config: { token: 'canary5', 'max-size': '1m' } },
            Mounts: [
              {
                Type: 'volume',
                VolumeOptions: { DriverConfig: { Options: { o: 'user=u,password=canary6,bind', key: 'canary7' } } },
              },
            ],
          },
          NetworkSettings: {
            Networks: { own: { DriverOpts: { token: 'canary10', [ENDPOINT_SYSCTLS]: 'net.ipv4.conf.IFNAME.x=1' } } },
          },
        },
        '/volumes': {
          Volumes: [
            {
              Name: 'nas',
              Driver: 'local',
              Options: { type: 'cifs', o: 'password=canary8,ro', device: '//u:canary9@nas/x' },
            },
          ],
        },
      }),
    })
    const snapshot = await collectSnapshot(docker)
    const text = JSON.stringify(snapshot)
    assert.doesNotMatch(text, /canary/)
    for (const kept of ['password,bind', 'password,ro', 'EMPTY=', '//***@nas/x', '1m', 'IFNAME.x=1'])
      assert.ok(text.includes(kept), kept)
    const replayed = SNAPSHOT.parse(JSON.parse(text))
    assert.deepEqual(auditSnapshot(replayed), auditSnapshot(snapshot))
  })
})
