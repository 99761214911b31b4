/** One sample of Prometheus' text format. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/

/**
 * Reads the text format as strictly as its page has it (https://prometheus.io/docs/instrumenting/exposition_formats/): HELP
 * and TYPE once and before the samples, the samples of a metric together, no sample twice, a line feed at the end.
 *
 * @throws Error that names the line
 */
export function parseExposition(text: string): Sample[] {
  if (!text.endsWith('\n')) throw new Error('the last line has no line feed')
  const samples: Sample[] = []
  const described = new Map<string, Set<string>>()
  const seen = new Set<string>()
  const closed = new Set<string>()
  let metric = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const [, what = '', described_ = ''] = new RegExp(`^# (HELP|TYPE) (${NAME}) `).exec(line) ?? []
    const [, sampled = ''] = new RegExp(`^(${NAME})(?:\\{| )`).exec(line) ?? []
    const name = described_ || sampled
    if (name === '') throw new Error(`no such line: ${line}`)
    if (name !== metric) closed.add(metric)
    if (closed.has(name)) throw new Error(`the lines of ${name} are not together`)
    metric = name
    if (described_ !== '') {
      const kinds = described.get(name) ?? new Set()
      if (kinds.has(what) || seen.has(name)) throw new Error(`a second ${what}, or a late one: ${line}`)
      if (what === 'TYPE' && !/ (?:gauge|counter|untyped)$/.test(line)) throw new Error(`no such type: ${line}`)
      described.set(name, kinds.add(what))
      continue
    }
    seen.add(name)
    samples.push(parseSample(line, name))
  }
  const keys = samples.map(({ name, labels }) => JSON.stringify([name, Object.entries(labels).map(String).toSorted()]))
  if (new Set(keys).size !== keys.length) throw new Error('a sample comes twice')
  return samples
}

function parseSample(line: string, name: string): Sample {
  let rest = line.slice(name.length)
  const labels: Record<string, string> = {}
  if (rest.startsWith('{')) {
    const end = rest.lastIndexOf('} ')
    if (end === -1) throw new Error(`open braces: ${line}`)
    for (let list = rest.slice(1, end); list !== '';) {
      const [whole, label = '', value = ''] = LABEL.exec(list) ?? []
      if (whole === undefined || label in labels) throw new Error(`no such label: ${list}`)
      labels[label] = value.replaceAll(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one))
      list = list.slice(whole.length)
    }
    rest = rest.slice(end + 1)
  }
  if (!/^ -?\d+(?:\.\d+)?$/.test(rest)) throw new Error(`no such value: ${line}`)
  return { name, labels, value: Number(rest) }
}
