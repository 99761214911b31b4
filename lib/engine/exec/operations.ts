import { COUNT, patient, short, type Operation } from '../operation.ts'

export const CREATE: Operation = short('exec.create', 'POST /containers/{id}/exec', {
  body: 'json',
  newer: { ConsoleSize: '1.42' },
})

export const START: Operation = patient('exec.start', 'POST /exec/{id}/start', {
  body: 'json',
  newer: { ConsoleSize: '1.42' },
})

export const RESIZE: Operation = short('exec.resize', 'POST /exec/{id}/resize', { query: { h: COUNT, w: COUNT } })
export const INSPECT: Operation = short('exec.inspect', 'GET /exec/{id}/json')
