/** The names and values of a metric's labels. */
export type Labels = Readonly<Record<string, string>>

/** Clients choose none of the labels, but a function of one's own may. */
const MOST_SERIES = 5_000

/** A metric that only grows, for each set of labels. */
export class Counter {
  readonly #name: string
  readonly #help: string
  readonly #values = new Map<string, number>()

  constructor(name: string, help: string) {
    this.#name = name
    this.#help = help
  }

  add(labels: Labels = {}, amount = 1): void {
    const key = renderLabels(labels)
    const isFull = this.#values.size >= MOST_SERIES && !this.#values.has(key)
    const counted = isFull ? renderLabels(Object.fromEntries(Object.keys(labels).map((name) => [name, 'other']))) : key
    this.#values.set(counted, (this.#values.get(counted) ?? 0) + amount)
  }

  render(): string[] {
    const lines = [...this.#values].map(([labels, value]) => `${this.#name}${labels} ${value}`)
    return [...head(this.#name, 'counter', this.#help), ...lines]
  }
}

/** The distribution of durations. */
export class Histogram {
  readonly #name: string
  readonly #help: string
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0
  #count = 0

  /** @param bounds - the upper ends of its buckets, rising */
  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name
    this.#help = help
    this.#bounds = bounds
    this.#counts = bounds.map(() => 0)
  }

  observe(value: number): void {
    this.#sum += value
    this.#count++
    const bucket = this.#bounds.findIndex((bound) => value <= bound)
    if (bucket !== -1) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
  }

  render(): string[] {
    let below = 0
    const buckets = this.#bounds.map((bound, index) => {
      below += this.#counts[index] ?? 0
      return `${this.#name}_bucket{le="${bound}"} ${below}`
    })
    return [
      ...head(this.#name, 'histogram', this.#help),
      ...buckets,
      `${this.#name}_bucket{le="+Inf"} ${this.#count}`,
      `${this.#name}_sum ${this.#sum}`,
      `${this.#name}_count ${this.#count}`,
    ]
  }
}

/** A metric with the values that it has now. */
export function renderGauge(name: string, help: string, values: readonly (readonly [Labels, number])[]): string[] {
  return [...head(name, 'gauge', help), ...values.map(([labels, value]) => `${name}${renderLabels(labels)} ${value}`)]
}

function head(name: string, type: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
}

function renderLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

/** As Prometheus' text format demands it. */
function escape(value: string): string {
  return value.slice(0, 200).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
