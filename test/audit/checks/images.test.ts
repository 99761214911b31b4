import { IMAGES } from '../../../lib/audit/checks/images.ts'
import type { HistoryFacts } from '../../../lib/audit/snapshot/image-schema.ts'
import type { AuditedContainer, RunningImage } from '../../../lib/audit/snapshot/snapshot.ts'
import { runCases, type Cases, type Row } from '../support/cases.ts'
import type { Change } from '../support/daemon-snapshot.ts'

const HISTORY: HistoryFacts = { steps: 3, downloads: 0, updatesAlone: 0, secrets: [] }
const NONE = { RepoTags: [], Identity: undefined }
const UNREADABLE = { unknown: 'the daemon answered 500' }

const imageWith = (parts: Partial<RunningImage>): Change => ({
  runningImages: {
    value: [{ id: 'sha256:1', name: 'web:1', inspect: { value: NONE }, history: { value: HISTORY }, ...parts }],
  },
})
const historyWith = (change: Partial<HistoryFacts>): Change =>
  imageWith({ history: { value: { ...HISTORY, ...change } } })
type Signature = { Name: string | undefined; Error: string | undefined }
const signedBy = (...Signatures: Signature[]): Change =>
  imageWith({ inspect: { value: { RepoTags: [], Identity: { Signature: Signatures, Pull: [], Build: [] } } } })

const VALID: Signature = { Name: 'sigstore', Error: undefined }
const INVALID: Signature = { Name: undefined, Error: 'no matching key' }

const stopped = (count: number): Change => ({
  containers: { value: Array.from({ length: count }, (_, index) => containerOf(`c${index}`, { Running: false })) },
})
const unnamed = (count: number, RepoTags: string[] | undefined): Change => ({
  images: { value: Array.from({ length: count }, () => ({ Id: 'sha256:1', RepoTags, RepoDigests: [] })) },
})

function containerOf(id: string, state: { readonly Running: boolean } | undefined): AuditedContainer {
  const State = state && { ...state, Status: undefined, StartedAt: undefined, Health: undefined }
  const inspect = { value: { State } } as AuditedContainer['inspect']
  return { id, name: id, inspect, execs: { value: [] }, commands: { value: [] }, listedImage: undefined }
}

/** The same for all checks of the history. */
const HISTORIES: readonly Row[] = [
  ['not-applicable', 'nothing runs', { runningImages: { value: [] } }],
  ['pass', 'a good build', historyWith({})],
  ['unknown', 'a history that is not readable', imageWith({ history: UNREADABLE })],
  ['unknown', 'containers that are not readable', { runningImages: UNREADABLE }],
]

const CASES: Cases = {
  'O-SPRAWL': [
    ['pass', 'none', {}],
    ['pass', 'a few', { ...stopped(25), ...unnamed(25, []) }],
    ['pass', 'named images', unnamed(100, ['web:1'])],
    ['warn', 'stopped containers', stopped(26)],
    ['warn', 'unnamed images', unnamed(26, [])],
    ['warn', 'unnamed images, as engine 20.10 says', unnamed(26, ['<none>:<none>'])],
    ['unknown', 'images without names', unnamed(1, undefined)],
    ['unknown', 'a container without a state', { containers: { value: [containerOf('c', undefined)] } }],
    ['unknown', 'not readable', { images: UNREADABLE }],
  ],
  'I-HISTORY': [...HISTORIES, ['fail', 'a secret', historyWith({ secrets: ['NPM_TOKEN'] })]],
  'I-ADD': [...HISTORIES, ['warn', 'a download', historyWith({ downloads: 1 })]],
  'I-UPDATE': [...HISTORIES, ['warn', 'an update alone', historyWith({ updatesAlone: 1 })]],
  'I-IDENTITY': [
    ['pass', 'a valid signature', signedBy(INVALID, VALID)],
    ['warn', 'no signature', signedBy()],
    ['fail', 'only an invalid signature', signedBy(INVALID)],
    ['unknown', 'an answer without an identity', imageWith({})],
    ['unknown', 'an older request', { ...signedBy(VALID), apiVersion: '1.52' }],
    ['unknown', 'not readable', imageWith({ inspect: UNREADABLE })],
  ],
}

runCases(IMAGES, CASES)
