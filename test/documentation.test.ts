import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import * as audit from '../lib/audit.ts'
import * as client from '../lib/index.ts'
import * as daemon from '../lib/daemon.ts'
import * as gateway from '../lib/gateway.ts'
import * as interop from '../lib/interop.ts'
import * as pki from '../lib/pki.ts'
import * as policy from '../lib/policy.ts'
import * as probe from '../lib/probe.ts'
import * as provision from '../lib/provision.ts'
import { ATTACK_PAGE, renderAttackPage } from '../scripts/attack-page.ts'
import { CHECK_PAGES, renderCheckPages } from '../scripts/check-pages.ts'
import type { ApiErrorCode, ApiErrorOf } from '../lib/base/errors.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const ENTRIES = {
  'docker-mtls': client,
  'docker-mtls/pki': pki,
  'docker-mtls/daemon': daemon,
  'docker-mtls/provision': provision,
  'docker-mtls/probe': probe,
  'docker-mtls/audit': audit,
  'docker-mtls/policy': policy,
  'docker-mtls/interop': interop,
  'docker-mtls/gateway': gateway,
}

/** Everything that is written for people. */
const PAGES = [
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  ...readdirSync(CHECK_PAGES).map((name) => `docs/checks/${name}`),
]

/** What examples use without declaring it. */
const KNOWN = `
declare const docker: import('docker-mtls').DockerClient
declare const authority: import('docker-mtls/pki').Authority
declare const id: string
declare const error: unknown
declare const signal: AbortSignal
declare const options: import('docker-mtls/daemon').DaemonOptions
declare const text: string
declare const ca: string
declare const cert: string
declare const key: string
declare const printed: string
declare const accounts: import('docker-mtls/daemon').UsernsFacts
declare function renew(): Promise<void>
`

interface Example {
  readonly where: string
  /** What the file itself exports: what is internal has examples, too. */
  readonly own: { readonly path: string; readonly names: readonly string[] }
  readonly code: string
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sources(path)
    return entry.name.endsWith('.ts') ? [path] : []
  })
}

/** The code blocks of a text; in a comment each line has its star before it. */
function examplesOf(path: string): Example[] {
  const text = readFileSync(path, 'utf8')
  const blocks = [...text.matchAll(/^(?<margin>[ *]*)```ts\n(?<code>[^]*?)```/gm)]
  const names = [...text.matchAll(/^export (?:async )?(?:function|class|const) (\w+)/gm)].map(([, name]) => name ?? '')
  return blocks.map(({ groups = {} }, index) => ({
    own: { path: `../${path.slice(ROOT.length)}`, names },
    where: `${path.slice(ROOT.length)}#${index + 1}`,
    code: (groups['code'] ?? '').replaceAll(/^ +\* ?/gm, ''),
  }))
}

/** Puts before an example what a reader would import, and makes a module of it. */
function moduleOf({ code, own }: Example): string {
  const imports = [...code.matchAll(/^import .*$/gm)].map(([line]) => line)
  const named = imports.join(' ')
  const entries = [
    ...Object.entries(ENTRIES).map(([entry, names]) => ({ path: entry, names: Object.keys(names) })),
    { path: 'node:fs/promises', names: ['readFile'] },
    own,
  ]
  const missing = entries.flatMap(({ path, names }) => {
    const used = names.filter((name) => new RegExp(`\\b${name}\\b`).test(code + KNOWN) && !named.includes(name))
    return used.length > 0 ? [`import { ${used.join(', ')} } from '${path}'`] : []
  })
  const firstOnly = new Set<string>()
  const unique = missing.map((line) =>
    line.replace(/\{ (.*) \}/, (_, names: string) => {
      const fresh = names.split(', ').filter((name) => !firstOnly.has(name) && firstOnly.add(name))
      return `{ ${fresh.join(', ')} }`
    }),
  )
  const body = code.replaceAll(/^import .*$/gm, '')
  return [...imports, ...unique, KNOWN, 'export async function example(): Promise<void> {', body, '}', ''].join('\n')
}

/** Type errors of the modules, by the strict settings of the project. */
function complaints(modules: ReadonlyMap<string, string>): string[] {
  const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => readFileSync(path, 'utf8'))
  const parsed = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT).options
  const options = { ...parsed, noUnusedLocals: false, noUnusedParameters: false, noEmit: true }
  const host = ts.createCompilerHost(options)
  const readFile = host.readFile.bind(host)
  const fileExists = host.fileExists.bind(host)
  host.fileExists = (path) => modules.has(path) || fileExists(path)
  host.readFile = (path) => modules.get(path) ?? readFile(path)
  const getSourceFile = host.getSourceFile.bind(host)
  host.getSourceFile = (path, ...rest) => {
    const text = modules.get(path)
    return text === undefined ? getSourceFile(path, ...rest) : ts.createSourceFile(path, text, ts.ScriptTarget.ES2022)
  }
  const program = ts.createProgram([...modules.keys(), join(ROOT, 'examples/peers.d.ts')], options, host)
  // Of the examples only: the sources are checked elsewhere.
  return program
    .getSourceFiles()
    .filter(({ fileName }) => modules.has(fileName))
    .flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)])
    .map(
      ({ file, messageText }) =>
        `${file?.fileName.slice(dirname(ROOT).length)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    )
}

test('every example in the documentation compiles, and a wrong one is found', () => {
  const examples = [...sources(join(ROOT, 'lib')), ...PAGES.map((name) => join(ROOT, name))].flatMap(examplesOf)
  assert.ok(examples.length >= 15, `only ${examples.length} examples were found`)
  const modules = new Map(
    examples.map((example, index) => [
      join(ROOT, 'examples', `documented-${index}.ts`),
      `// ${example.where}\n${moduleOf(example)}`,
    ]),
  )
  const own = { path: '../lib/index.ts', names: [] }
  const wrong = moduleOf({ where: 'here', own, code: "await connect({ hots: 'tcp://build01:2376' })" })
  const found = complaints(modules.set(join(ROOT, 'examples', 'documented-wrong.ts'), wrong)).map((line) => {
    const index = Number(/documented-(\d+)/.exec(line)?.[1])
    return `${examples[index]?.where ?? 'the wrong one'}: ${line}`
  })
  assert.match(found.join('\n'), /^the wrong one: .*'hots' does not exist/)
  assert.deepEqual(found.slice(1), [])
})

/** The subclasses of DockerApiError; `switch (error.code)` narrows to them. */
const API_CLASSES: { readonly [Code in ApiErrorCode]: Code extends keyof ApiErrorOf ? string : undefined } = {
  ERR_API_NOT_MODIFIED: 'NotModifiedError',
  ERR_API_BAD_REQUEST: 'BadRequestError',
  ERR_API_UNAUTHORIZED: 'UnauthorizedError',
  ERR_API_FORBIDDEN: 'ForbiddenError',
  ERR_API_AUTHORIZATION_DENIED: 'AuthorizationDeniedError',
  ERR_API_NOT_FOUND: 'NotFoundError',
  ERR_API_CONFLICT: 'ConflictError',
  ERR_API_SERVER_ERROR: 'ServerError',
  ERR_API_UNAVAILABLE: 'UnavailableError',
  ERR_API_STATUS: undefined,
  ERR_API_CALL_UNSUPPORTED: undefined,
  ERR_API_RESPONSE_INVALID: undefined,
  ERR_API_STREAM_FAILED: 'StreamError',
  ERR_API_STREAM_INVALID: undefined,
  ERR_API_STREAM_TRUNCATED: undefined,
  ERR_API_EXEC_FAILED: 'StreamError',
  ERR_API_BUILD_FAILED: 'BuildFailedError',
  ERR_API_VERSION_UNSUPPORTED: undefined,
}

test('docs/errors.md says of each code its class, its meaning, a usual cause and a remedy', () => {
  const [head = '', ...families] = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8').split(/^## /m)
  const unions = readFileSync(join(ROOT, 'lib/base/error-codes.ts'), 'utf8').matchAll(
    /export type (\w+Error)Code =((?:\s*\|? *'\w+')+)/g,
  )
  const inCode = [...unions].map(([, name = '', codes = '']): [string, string[]] => [
    name === 'ApiError' ? 'DockerApiError' : name,
    codes.match(/ERR_\w+/g) ?? [],
  ])
  const onPage = new Map<string, string[]>()
  const rows = families.map((family) => {
    const [title = '', ...rest] = family.split('\n')
    const [, name = '', entries = ''] = /^\nClass `(\w+)`\.\n\n([^]*)$/.exec(rest.join('\n')) ?? []
    const codes = entries.split(/^### /m).slice(1).map(codeOf)
    onPage.set(name, [...(onPage.get(name) ?? []), ...codes])
    const [anchor] = anchorsIn(`## ${title}`)
    return `| [${title}](#${anchor}) | \`${name}\` | ${codes.length} |`
  })
  assert.deepEqual(byClass(onPage), byClass(inCode))
  assert.deepEqual(head.match(/^\| \[.*$/gm), rows, 'the table at the top lists the parts of the page')
})

const byClass = (classes: Iterable<[string, string[]]>): object =>
  Object.fromEntries([...classes].map(([name, codes]) => [name, codes.toSorted()]))

/** The code of an entry of docs/errors.md, which has to be whole. */
function codeOf(entry: string): string {
  const [, code = '', meaning = ''] = /^(ERR_\w+)\n\n(.+)\n\n- Usual cause: .+\n- Remedy: .+\n*$/.exec(entry) ?? []
  assert.notEqual(code, '', `an entry needs a meaning, a usual cause and a remedy:\n### ${entry}`)
  const ownClass = /^`(\w+)`\. /.exec(meaning)?.[1]
  assert.equal(ownClass, Object.hasOwn(API_CLASSES, code) ? API_CLASSES[code as ApiErrorCode] : undefined, code)
  return code
}

test('docs/checks/ is what npm run docs:checks writes', () => {
  const pages = renderCheckPages()
  assert.deepEqual(readdirSync(CHECK_PAGES).toSorted(), [...pages.keys()].toSorted(), 'run:  npm run docs:checks')
  for (const [name, page] of pages)
    assert.ok(readFileSync(join(CHECK_PAGES, name), 'utf8') === page, `${name}: run  npm run docs:checks`)
})

test('docs/attacks.md is what npm run docs:attacks writes', () => {
  assert.ok(readFileSync(ATTACK_PAGE, 'utf8') === renderAttackPage(), 'run:  npm run docs:attacks')
})

/** The links of a page that lead to a file here, code blocks left out. */
function localLinks(page: string): { readonly link: string; readonly path: string; readonly anchor: string }[] {
  const text = readFileSync(join(ROOT, page), 'utf8').replaceAll(/```[^]*?```/g, '')
  return [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = '']) => {
    const [file = '', anchor = ''] = link.split('#')
    return { link: `${page}: ${link}`, path: file === '' ? page : join(dirname(page), file), anchor }
  })
}

/** The anchors of a page's headings, as GitHub makes them. */
const anchorsOf = (page: string): string[] =>
  anchorsIn(readFileSync(join(ROOT, page), 'utf8').replaceAll(/```[^]*?```/g, ''))

function anchorsIn(text: string): string[] {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading)
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )
}

test('every link between the pages leads to a page and a heading', () => {
  const links = PAGES.flatMap(localLinks)
  assert.ok(links.length > 50, `only ${links.length} links were found`)
  const broken = links.filter(({ path, anchor }) =>
    anchor === '' ? !existsSync(join(ROOT, path)) : !PAGES.includes(path) || !anchorsOf(path).includes(anchor),
  )
  assert.deepEqual(
    broken.map(({ link }) => link),
    [],
  )
})

test('the index and the API documentation know every page', () => {
  const indexed = new Set(localLinks('docs/README.md').map(({ path }) => path))
  const { projectDocuments } = JSON.parse(readFileSync(join(ROOT, 'typedoc.json'), 'utf8')) as {
    projectDocuments: string[]
  }
  // docs/checks/ has an index of its own, and is not part of the API documentation.
  const pages = PAGES.filter((name) => name.startsWith('docs/') && !name.startsWith('docs/checks/'))
  assert.deepEqual(
    pages.filter((name) => name !== 'docs/README.md' && !indexed.has(name)),
    [],
  )
  assert.deepEqual(
    pages.filter((name) => !projectDocuments.includes(name)),
    [],
  )
})

test('README stays short', () => {
  assert.ok(readFileSync(join(ROOT, 'README.md'), 'utf8').split('\n').length <= 251)
})
