import { COUNT, type Operation } from '../operation.ts'

export const CREATE: Operation = {
  name: 'exec.create',
  method: 'POST',
  path: '/containers/{id}/exec',
  lane: 'short',
  body: 'json',
  newer: { ConsoleSize: '1.42' },
}

export const START: Operation = {
  name: 'exec.start',
  method: 'POST',
  path: '/exec/{id}/start',
  lane: 'patient',
  body: 'json',
  newer: { ConsoleSize: '1.42' },
}

export const RESIZE: Operation = {
  name: 'exec.resize',
  method: 'POST',
  path: '/exec/{id}/resize',
  lane: 'short',
  query: { h: COUNT, w: COUNT },
}

export const INSPECT: Operation = { name: 'exec.inspect', method: 'GET', path: '/exec/{id}/json', lane: 'short' }
