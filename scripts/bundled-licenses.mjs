import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const HEAD = `docker-mtls contains code of these packages. Each is followed by its licence.`
const RULE = '-'.repeat(80)
const PACKAGE = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//
/** The line comments at the beginning of a file. */
const LEADING_COMMENT = /^(?:\/\/.*\n)+/

/**
 * The text of the file with the licences of all bundled packages, as they require.
 *
 * @param outputs - those of esbuild's metafile
 * @param root - the folder with node_modules
 */
export function bundledLicenses(outputs, root) {
  const files = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  )
  const names = new Set(files.flatMap((path) => PACKAGE.exec(path)?.[1] ?? []))
  const known = new Map()
  const sections = [...names].toSorted().map((name) => {
    const paths = new Set(files.filter((path) => path.startsWith(`node_modules/${name}/`)))
    const { head, text } = section(name, [...paths], root)
    const same = known.get(text)
    if (same === undefined) known.set(text, name)
    return `${head}\n\n${same === undefined ? text : `The same text as that of ${same}.`}`
  })
  return [HEAD, ...sections].join(`\n\n${RULE}\n`) + '\n'
}

function section(name, paths, root) {
  const folder = join(root, 'node_modules', name)
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const text = existsSync(join(folder, 'LICENSE'))
    ? readFileSync(join(folder, 'LICENSE'), 'utf8')
    : [...new Set(paths.map((path) => LEADING_COMMENT.exec(readFileSync(join(root, path), 'utf8'))?.[0] ?? ''))].join(
        '\n',
      )
  if (text.trim() === '') throw new Error(`${name} is bundled, and has no text of a licence`)
  return { head: `${name} ${version}, ${license.replace(/^\((.*)\)$/, '$1')}`, text: text.trim() }
}
