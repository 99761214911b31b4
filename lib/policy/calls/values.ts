import type { Fields, Message, Value } from './wire.ts'

const NONE: Fields = new Map()

// A field that is absent has the default value of proto3.
export const textOf = (value: Value | undefined): string => (typeof value === 'string' ? value : '')
export const textsOf = (value: Value | undefined): readonly string[] =>
  Array.isArray(value) ? (value as string[]) : []
export const fieldsOf = (value: Value | undefined): Fields => (value instanceof Map ? (value as Fields) : NONE)
export const messagesOf = (value: Value | undefined): readonly Message[] =>
  Array.isArray(value) ? (value as readonly Message[]) : []
export const messageOf = (value: Value | undefined): Message => (value ?? {}) as Message
