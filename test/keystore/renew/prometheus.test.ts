import assert from 'node:assert/strict'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { KnownCertificate } from '../../../lib/keystore/renew/known.ts'
import { renderPrometheus, writePrometheus } from '../../../lib/keystore/renew/prometheus.ts'
import { withCode } from '../../pki/support/expect.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { parseExposition } from './support/exposition.ts'

function known(name: string, more = {}): KnownCertificate {
  return {
    serial: '0A',
    kind: 'client',
    name,
    sans: [],
    fingerprint256: name,
    notBefore: '2026-01-01T00:00:00.000Z',
    notAfter: '2026-04-01T00:00:00.000Z',
    issuedAt: '2026-01-01T01:00:00.000Z',
    keyType: 'p256',
    path: '/x',
    state: 'in use',
    ...more,
  }
}

const seconds = (date: string): number => Date.parse(date) / 1000

const NOW = Date.parse('2026-02-01T00:00:00.999Z')

test('a text file for Prometheus has what is in use, and when it was written', () => {
  const { path: _path, ...gone } = known('gone', { state: 'replaced' })
  const samples = parseExposition(renderPrometheus([known('alice'), gone], NOW))
  const labels = { kind: 'client', name: 'alice', serial: '0A' }
  assert.deepEqual(samples, [
    { name: 'docker_mtls_certificate_not_before_seconds', labels, value: seconds('2026-01-01T00:00:00Z') },
    { name: 'docker_mtls_certificate_not_after_seconds', labels, value: seconds('2026-04-01T00:00:00Z') },
    { name: 'docker_mtls_certificate_renew_after_seconds', labels, value: seconds('2026-03-02T00:00:00Z') },
    {
      name: 'docker_mtls_certificates_written_timestamp_seconds',
      labels: {},
      value: seconds('2026-02-01T00:00:00Z'),
    },
  ])
})

test('whatever an authority is called, its labels are read as they were meant', () => {
  for (const name of ['a "b" c', 'back\\slash', 'line\nbreak', '\\n', '{x="y"} 1', 'ümläut', '}']) {
    const samples = parseExposition(renderPrometheus([known(name)], NOW))
    assert.equal(samples[0]?.labels['name'], name)
    assert.equal(samples.length, 4)
  }
})

test('the parser of this test refuses what Prometheus does', () => {
  const good = renderPrometheus([known('a'), known('b', { serial: '0B' })], NOW)
  parseExposition(good)
  const line = /^docker_mtls_certificate_not_after.*\n/m.exec(good)?.[0] ?? ''
  for (const bad of [
    good.trimEnd(),
    good.replace(' gauge', ' gauges'),
    `${good}${line}`,
    good.replace(line, line + line),
    good.replace('"a"', '"a""'),
    good.replace('kind=', 'ki-nd='),
    good.replace(/ \d+\n/, ' x\n'),
    `${good}\n`,
  ]) {
    assert.throws(() => parseExposition(bad), bad)
  }
})

test('it is written whole, readable for everyone, and leaves nothing else', async (t) => {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'docker-mtls.prom')
  await writeFile(path, 'old')
  const mask = process.umask(0o077)
  try {
    await writePrometheus(path, [known('a')], NOW)
  } finally {
    process.umask(mask)
  }
  assert.equal(await readFile(path, 'utf8'), renderPrometheus([known('a')], NOW))
  assert.equal((await stat(path)).mode & 0o777, 0o644)
  assert.deepEqual(await readdir(folder), ['docker-mtls.prom'])
  for (const name of ['metrics', 'metrics.txt', 'prom', '.prom', 'x.prom/y']) {
    await assert.rejects(writePrometheus(join(folder, name), [], NOW), withCode('ERR_ARGUMENT_INVALID', '.prom'))
  }
  await assert.rejects(writePrometheus(join(folder, 'no/x.prom'), [], NOW), withCode('ERR_FILE_WRITE', 'no folder'))
  assert.deepEqual(await readdir(folder), ['docker-mtls.prom'])
})
