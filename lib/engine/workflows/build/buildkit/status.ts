import { WireType } from '@bufbuild/protobuf/wire'
import { readMessage, type Fields } from './messages.ts'

/** The progress of BuildKit: steps, their status and their output (buildkit, api/services/control, StatusResponse). */
export interface Status {
  readonly vertexes: readonly Vertex[]
  readonly statuses: readonly VertexStatus[]
  readonly logs: readonly VertexLog[]
  readonly warnings: readonly VertexWarning[]
}

/** A step. */
export interface Vertex {
  digest: string
  inputs: string[]
  name: string
  cached: boolean
  started: Date | undefined
  completed: Date | undefined
  error: string
}

export interface VertexStatus {
  id: string
  vertex: string
  name: string
  current: number
  total: number
  started: Date | undefined
  completed: Date | undefined
}

export interface VertexLog {
  vertex: string
  stream: number
  message: Uint8Array
}

export interface VertexWarning {
  vertex: string
  short: string
  detail: string[]
  url: string
}

const { Varint, LengthDelimited } = WireType

const VERTEX: Fields<Vertex> = {
  1: [LengthDelimited, (vertex, reader) => (vertex.digest = reader.string())],
  2: [LengthDelimited, (vertex, reader) => vertex.inputs.push(reader.string())],
  3: [LengthDelimited, (vertex, reader) => (vertex.name = reader.string())],
  4: [Varint, (vertex, reader) => (vertex.cached = reader.bool())],
  5: [LengthDelimited, (vertex, reader) => (vertex.started = moment(reader.bytes()))],
  6: [LengthDelimited, (vertex, reader) => (vertex.completed = moment(reader.bytes()))],
  7: [LengthDelimited, (vertex, reader) => (vertex.error = reader.string())],
}

const VERTEX_STATUS: Fields<VertexStatus> = {
  1: [LengthDelimited, (status, reader) => (status.id = reader.string())],
  2: [LengthDelimited, (status, reader) => (status.vertex = reader.string())],
  3: [LengthDelimited, (status, reader) => (status.name = reader.string())],
  4: [Varint, (status, reader) => (status.current = Number(reader.int64()))],
  5: [Varint, (status, reader) => (status.total = Number(reader.int64()))],
  7: [LengthDelimited, (status, reader) => (status.started = moment(reader.bytes()))],
  8: [LengthDelimited, (status, reader) => (status.completed = moment(reader.bytes()))],
}

const VERTEX_LOG: Fields<VertexLog> = {
  1: [LengthDelimited, (log, reader) => (log.vertex = reader.string())],
  3: [Varint, (log, reader) => (log.stream = Number(reader.int64()))],
  4: [LengthDelimited, (log, reader) => (log.message = reader.bytes())],
}

const VERTEX_WARNING: Fields<VertexWarning> = {
  1: [LengthDelimited, (warning, reader) => (warning.vertex = reader.string())],
  3: [LengthDelimited, (warning, reader) => (warning.short = reader.string())],
  4: [LengthDelimited, (warning, reader) => warning.detail.push(reader.string())],
  5: [LengthDelimited, (warning, reader) => (warning.url = reader.string())],
}

interface Timestamp {
  seconds: number
  nanos: number
}

const TIMESTAMP: Fields<Timestamp> = {
  1: [Varint, (time, reader) => (time.seconds = Number(reader.int64()))],
  2: [Varint, (time, reader) => (time.nanos = reader.int32())],
}

interface Lists {
  vertexes: Vertex[]
  statuses: VertexStatus[]
  logs: VertexLog[]
  warnings: VertexWarning[]
}

const STATUS: Fields<Lists> = {
  1: [LengthDelimited, ({ vertexes }, reader) => vertexes.push(readMessage(reader.bytes(), VERTEX, noVertex()))],
  2: [LengthDelimited, ({ statuses }, reader) => statuses.push(readMessage(reader.bytes(), VERTEX_STATUS, noStatus()))],
  3: [LengthDelimited, ({ logs }, reader) => logs.push(readMessage(reader.bytes(), VERTEX_LOG, noLog()))],
  4: [
    LengthDelimited,
    ({ warnings }, reader) => warnings.push(readMessage(reader.bytes(), VERTEX_WARNING, noWarning())),
  ],
}

/** Absent fields have the default value of their type (proto3). */
const noVertex = (): Vertex => ({
  digest: '',
  inputs: [],
  name: '',
  cached: false,
  started: undefined,
  completed: undefined,
  error: '',
})
const noStatus = (): VertexStatus => ({
  id: '',
  vertex: '',
  name: '',
  current: 0,
  total: 0,
  started: undefined,
  completed: undefined,
})
const noLog = (): VertexLog => ({ vertex: '', stream: 0, message: new Uint8Array() })
const noWarning = (): VertexWarning => ({ vertex: '', short: '', detail: [], url: '' })

function moment(bytes: Uint8Array): Date {
  const { seconds, nanos } = readMessage(bytes, TIMESTAMP, { seconds: 0, nanos: 0 })
  return new Date(seconds * 1000 + Math.floor(nanos / 1e6))
}

/** @throws Error for an invalid message */
export function readStatus(bytes: Uint8Array): Status {
  return readMessage(bytes, STATUS, { vertexes: [], statuses: [], logs: [], warnings: [] })
}
