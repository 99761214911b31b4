import assert from 'node:assert/strict'
import { test } from 'node:test'
import { laneOf, type Lane } from '../../lib/transport/lanes.ts'

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
  for (const [lane, method, path] of ROWS) assert.equal(laneOf(method, path, false), lane, `${method} ${path}`)
})

test('an upgrade is always patient: it keeps its connection', () => {
  assert.equal(laneOf('GET', 'containers/json', true), 'patient')
})
