import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expandPath } from '../../lib/engine/path.ts'
import { SHORT_CALLS } from '../../lib/transport/short-calls.ts'
import { loadOperations } from '../engine/support/operations.ts'
import { shortCalls } from '../engine/support/short-calls.ts'
import { chooseLane, laneOf, type Lane } from '../../lib/transport/lanes.ts'

const ROWS: [Lane, string, string][] = [
  ['short', 'GET', '_ping'],
  ['short', 'HEAD', '_ping'],
  ['short', 'GET', 'v1.45/version'],
  ['short', 'GET', 'v1.45/containers/json?all=true'],
  ['short', 'GET', 'containers/abc/json'],
  ['short', 'GET', 'v1.45/images/registry.example:5000/team/app:1/json'],
  ['short', 'GET', 'images/team%2Fapp/history'],
  ['short', 'POST', 'v1.45/containers/create?name=x'],
  ['short', 'POST', 'containers/abc/start'],
  ['short', 'POST', 'containers/abc/exec'],
  ['short', 'DELETE', 'volumes/data?force=true'],
  ['short', 'HEAD', 'containers/abc/archive?path=%2F'],
  ['patient', 'GET', 'v1.45/events'],
  ['patient', 'GET', 'containers/abc/logs?follow=true'],
  ['patient', 'GET', 'services/abc/logs'],
  ['patient', 'GET', 'containers/abc/stats'],
  ['patient', 'GET', 'containers/abc/export'],
  ['patient', 'GET', 'containers/abc/archive?path=%2F'],
  ['patient', 'PUT', 'containers/abc/archive?path=%2F'],
  ['patient', 'POST', 'containers/abc/attach'],
  ['patient', 'GET', 'containers/abc/attach/ws'],
  ['patient', 'POST', 'containers/abc/wait'],
  ['patient', 'POST', 'containers/abc/stop?t=600'],
  ['patient', 'POST', 'exec/abc/start'],
  ['patient', 'POST', 'build'],
  ['patient', 'POST', 'images/create?fromImage=images/json'],
  ['patient', 'POST', 'images/team/app/push'],
  ['patient', 'POST', 'images/load'],
  ['patient', 'GET', 'images/get?names=a/json'],
  ['patient', 'GET', 'images/app/get'],
  ['patient', 'POST', 'session'],
  ['patient', 'GET', 'a/path/of/tomorrow'],
  ['patient', 'GET', ''],
  ['patient', 'BREW', '_ping'],
]

test('method and path choose the lane', () => {
  for (const [lane, method, path] of ROWS) assert.equal(laneOf(method, path), lane, `${method} ${path}`)
})

test('an upgrade is always patient: it keeps its connection', () => {
  const request = { method: 'GET', path: '/containers/json', upgrade: 'tcp' } as const
  assert.equal(chooseLane(request, 'containers/json'), 'patient')
  assert.equal(chooseLane({ ...request, lane: 'short' }, 'containers/json'), 'patient')
})

test('a request that names its lane gets it, and one that names another word does not', () => {
  const request = { method: 'GET', path: '/a/path/of/tomorrow' } as const
  assert.equal(chooseLane({ ...request, lane: 'short' }, 'a/path/of/tomorrow'), 'short')
  assert.equal(chooseLane({ ...request, lane: 'express' as Lane }, 'a/path/of/tomorrow'), 'patient')
})

const operations = await loadOperations()

test('the short calls of the dispatcher are those of the operations: scripts/short-calls.ts writes them', () => {
  assert.deepEqual(SHORT_CALLS, shortCalls(operations))
})

test('whoever sends an operation without its lane gets the same lane', () => {
  assert.ok(operations.length > 110, `only ${operations.length} operations`)
  for (const { name, method, path, lane } of operations) {
    const place = expandPath(path, ['abc', 'def']).slice(1)
    assert.equal(laneOf(method, place), lane, name)
    assert.equal(laneOf(method, `v1.45/${place}?a=b`), lane, name)
  }
})
