import { demand, type Target } from '../target.ts'

const kept: unknown[] = []

/** Reads numbers in brackets, as a reader of a real format would. */
function readNumbers(bytes: Buffer): number[] {
  return [...bytes.toString('latin1').matchAll(/<(\d{1,9})>/g)].map(([, digits]) => Number(digits))
}

const planted = (name: string, read: Target['read'], more: Partial<Target> = {}): Target => ({
  name,
  seeds: () => ['<1><20>', '<300>'],
  words: ['<', '>'],
  read,
  ...more,
})

/** Readers with one fault each, and one without. */
export const targets: readonly Target[] = [
  planted('sound', (bytes) => demand(readNumbers(bytes).every(Number.isInteger), 'no integer')),
  planted('type-error', (bytes) => {
    for (const number of readNumbers(bytes)) if (number > 65_535) (undefined as unknown as string).trim()
  }),
  planted('wrong-result', (bytes) => demand(readNumbers(bytes).length < 4, 'it found more than three numbers')),
  planted('stray', (bytes) => {
    if (readNumbers(bytes).includes(0)) Promise.reject(new Error('nobody hears this'))
    return Promise.resolve()
  }),
  planted('hang', (bytes) => {
    while (readNumbers(bytes).includes(0));
  }),
  planted('never-settled', (bytes) => (readNumbers(bytes).includes(0) ? new Promise(() => {}) : Promise.resolve())),
  planted('quadratic', (bytes) => /-+$/.test(bytes.toString('latin1')), {
    seeds: () => ['-'.repeat(1000)],
    words: ['-'],
    longest: 96 * 1024,
  }),
  planted('memory', (bytes) => {
    const number = Math.max(0, ...readNumbers(bytes).slice(0, 1000))
    return number > 100_000 ? Buffer.alloc(Math.min(number, 200_000) * 1024, 1).length : 0
  }),
  planted('endless-memory', (bytes) => {
    while (readNumbers(bytes).includes(0)) kept.push(Array.from({ length: 100_000 }, () => ({})))
  }),
  planted(
    'refuses-all',
    () => {
      throw Object.assign(new Error('no'), { code: 'NO' })
    },
    { mayThrow: () => true },
  ),
]
