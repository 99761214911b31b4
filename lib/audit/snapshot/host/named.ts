import type { FactRecords } from '../../../host/fact-records.ts'

export type Values = FactRecords['values']

/** The facts whose names begin with a word, by the rest of their names. */
export function named(values: Values, word: string): [rest: string, value: string][] {
  return [...values].flatMap(([name, value]) =>
    name.startsWith(word) ? [[name.slice(word.length), value] as [string, string]] : [],
  )
}

/** Adds the entries, which are one fact: names and values in turns, each with a NUL behind it. */
export function withEntries(values: Values): Values {
  const words = (values.get('entries') ?? '').split('\0')
  const entries = new Map(values)
  for (let at = 0; at + 2 < words.length; at += 2) entries.set(words[at] ?? '', words[at + 1] ?? '')
  return entries
}
