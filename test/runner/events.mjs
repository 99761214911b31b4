import { relative } from 'node:path'
import { inspect } from 'node:util'

/**
 * A reporter of node:test for run.ts: a line of JSON for each test that ended, and one for the end of the file. Plain
 * JavaScript, because Node loads its reporters before anything else; by their default export only.
 */
// oxlint-disable-next-line import/no-default-export
export default async function* report(source) {
  /** The names of the suites around, and of the test itself. */
  const names = []
  for await (const { type, data } of source) {
    if (type === 'test:start') names[data.nesting] = data.name
    if (type === 'test:pass' || type === 'test:fail') yield `${JSON.stringify(resultOf(type, data, names))}\n`
    // The last of the runner's own counts: without it the file did not come to its end.
    if (type === 'test:diagnostic' && data.nesting === 0 && data.message.startsWith('duration_ms'))
      yield '{"ended":true}\n'
  }
}

function resultOf(type, { name, nesting, details, skip, todo, file, line }, names) {
  const reason = [skip, todo].find((given) => given !== undefined && given !== false)
  return {
    path: [...names.slice(0, nesting), name],
    isSuite: details.type === 'suite',
    passed: type === 'test:pass',
    ms: details.duration_ms,
    ...(reason !== undefined && { skipped: typeof reason === 'string' && reason !== '' ? reason : 'no reason given' }),
    ...(type === 'test:fail' && { error: textOf(details.error), kind: details.error?.failureType }),
    ...(file !== undefined && { at: `${relative('.', file)}:${line}` }),
  }
}

/** Node wraps what a test threw. */
function textOf(error) {
  return inspect(error?.cause ?? error, { depth: 6, colors: false })
}
