import { relative } from 'node:path'
import { Readable } from 'node:stream'
import { spec } from 'node:test/reporters'

/**
 * Node's own `spec` report with its summary, and after it every test that was skipped, and why. With REQUIRE_ALL=1 a
 * skipped test fails the run: there everything that the tests need can be had. Plain JavaScript, because Node loads its
 * reporters before tsx is in place; by their default export only.
 */
// oxlint-disable-next-line import/no-default-export
export default async function* report(source) {
  const skipped = []
  const noted = Readable.from(noting(source, skipped))
  for await (const chunk of noted.pipe(new spec())) yield String(chunk)
  if (skipped.length === 0) return
  yield `\nSkipped: ${skipped.length}\n${skipped.map((line) => `  ${line}\n`).join('')}`
  if (process.env['REQUIRE_ALL'] !== '1') return
  process.exitCode = 1
  yield 'REQUIRE_ALL=1, so this run failed: here nothing may be skipped.\n'
}

async function* noting(source, skipped) {
  for await (const event of source) {
    const { name, file, skip, todo } = event.data
    const reason = skip ?? todo
    if (event.type === 'test:pass' && reason !== undefined && reason !== false) {
      const because = typeof reason === 'string' && reason !== '' ? reason : 'no reason given'
      skipped.push(`${file === undefined ? '' : `${relative('.', file)}: `}${name}: ${because}`)
    }
    yield event
  }
}
