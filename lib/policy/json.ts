import type { Json } from './request.ts'

/** JSON in one way for each value: without spaces, and with all digits of a bigint. */
export function renderJson(value: Json): string {
  if (typeof value === 'bigint') return String(value)
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isList(value)) return `[${value.map(renderJson).join(',')}]`
  const entries = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}:${renderJson(one)}`)
  return `{${entries.join(',')}}`
}

const isList = (value: object): value is readonly Json[] => Array.isArray(value)
