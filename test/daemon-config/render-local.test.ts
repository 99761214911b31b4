import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { renderLocal, type LocalRendering } from '../../lib/daemon-config/render-local.ts'
import { parseUnit } from '../../lib/daemon-config/unit/parse-unit.ts'
import { DEBIAN_UNIT } from './support/units.ts'

const TLS = '--tlsverify --tlscacert=/t/ca.pem --tlscert=/t/server-cert.pem --tlskey=/t/server-key.pem'
const KEYS = { tlsverify: true, tlscacert: '/t/ca.pem', tlscert: '/t/server-cert.pem', tlskey: '/t/server-key.pem' }

/** A host on which dockerd is started with these words. */
function host(words: string, more: Partial<LocalRendering> = {}): LocalRendering {
  const dropIn = `[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd ${words}\n`
  const found = { unit: parseUnit(`${DEBIAN_UNIT}${dropIn}`), paths: [], later: [] }
  return { found, daemonJson: undefined, existingDropIn: dropIn, hasSocketUnit: true, ...more }
}

const commandIn = (dropIn: string): string => /^ExecStart=(.+)$/m.exec(dropIn)?.[1] ?? ''

describe('a dockerd with its local socket alone', () => {
  const rows: [name: string, words: string, left: string, changes: boolean, more?: Partial<LocalRendering>][] = [
    ['as daemon apply leaves it', `--debug -H fd:// ${TLS} -H tcp://0.0.0.0:2376`, '--debug -H fd://', true],
    ['as the package leaves it', '-H fd:// --containerd=/run/c.sock', '--containerd=/run/c.sock -H fd://', false],
    ['in plaintext', '-H tcp://0.0.0.0:2375 -H unix:///run/x.sock', '-H unix:///run/x.sock', true],
    ['with a port alone', '-H :2376 -H fd://', '-H fd://', true],
    ['with a listener that only systemd knows', '-H tcp://%H:2376 -H fd://', '-H fd://', true],
    ['with no local socket', '-H tcp://0.0.0.0:2376', '-H fd://', true],
    ['without docker.socket', '-H tcp://0.0.0.0:2376', '-H unix:///run/docker.sock', true, { hasSocketUnit: false }],
    ['with TLS and no listener', '-H fd:// --tls=false', '-H fd://', true],
    [
      'with user namespaces and variables',
      `--userns-remap=ann -H tcp://a:1 $OPTS`,
      '--userns-remap=ann $OPTS -H fd://',
      true,
    ],
  ]
  for (const [name, words, left, changes, more] of rows) {
    test(name, () => {
      const { dropIn, changesCommand, daemonJson } = renderLocal(host(words, more))
      assert.equal(commandIn(dropIn), `/usr/sbin/dockerd ${left}`)
      assert.equal(changesCommand, changes)
      assert.equal(daemonJson, undefined)
      // A second time nothing changes.
      assert.equal(renderLocal(host(left, more)).changesCommand, false)
    })
  }

  test('other settings of the drop-in stay', () => {
    const existingDropIn = '[Service]\nNice=1\nExecStart=\nExecStart=/usr/sbin/dockerd -H tcp://0.0.0.0:2376\n'
    const { dropIn } = renderLocal(host('-H tcp://0.0.0.0:2376', { existingDropIn }))
    assert.equal(dropIn, '[Service]\nNice=1\n\n[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd://\n')
  })
})

describe('its daemon.json', () => {
  const rows: [name: string, before: object, after: object | undefined, more?: Partial<LocalRendering>][] = [
    ['none of these keys', { debug: true }, undefined],
    [
      'all in daemon.json',
      { debug: true, hosts: ['fd://', 'tcp://0.0.0.0:2376'], ...KEYS, 'userns-remap': 'default' },
      { debug: true, hosts: ['fd://'], 'userns-remap': 'default' },
    ],
    ['only listeners on the network', { hosts: ['0.0.0.0:2375'] }, { hosts: ['fd://'] }],
    [
      'only listeners on the network, without docker.socket',
      { hosts: ['tcp://0.0.0.0:2376'], ...KEYS },
      { hosts: ['unix:///run/docker.sock'] },
      { hasSocketUnit: false },
    ],
    ['an empty list', { hosts: [] }, undefined],
    ['TLS is off', { tls: false, labels: ['a=b'] }, { labels: ['a=b'] }],
    ['live-restore', { debug: true }, { debug: true, 'live-restore': true }, { liveRestore: true }],
    ['live-restore is on', { 'live-restore': true }, undefined, { liveRestore: true }],
  ]
  for (const [name, before, after, more] of rows) {
    test(name, () => {
      const { daemonJson, changesCommand } = renderLocal(
        host('--log-level=warn', { daemonJson: JSON.stringify(before), ...more }),
      )
      assert.deepEqual(daemonJson && (JSON.parse(daemonJson) as object), after)
      assert.equal(changesCommand, false)
    })
  }

  test('the drop-in has no listener beside those of daemon.json', () => {
    const daemonJson = JSON.stringify({ hosts: ['fd://', 'tcp://0.0.0.0:2376'] })
    const { dropIn } = renderLocal(host(TLS, { daemonJson }))
    assert.equal(commandIn(dropIn), '/usr/sbin/dockerd')
  })
})
