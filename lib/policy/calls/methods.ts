import type { RequestDetails } from '../details/types.ts'
import { fromBaseline, type Judged } from '../judging/finding.ts'
import { detailsOfSolve } from './details.ts'
import { judgeBridgeSolve, judgeSolve } from './judge-solve.ts'
import { BRIDGE_SOLVE, CONTENT, HISTORY, SOLVE, STATUS, UPDATE_HISTORY } from './messages.ts'
import { readRecord, type BuildRecord } from './records.ts'
import { fieldsOf, textOf } from './values.ts'
import type { Fields, Message, Shape } from './wire.ts'

/**
 * A thing of a client, which others may not use: its build, its session, through which the daemon reads its files and secrets, or a
 * blob that a build has made.
 */
export interface OwnId {
  readonly kind: 'blob' | 'build' | 'session'
  readonly id: string
}

/** As clients choose them. What comes before a colon, BuildKit doesn't compare (moby/buildkit, session/manager.go). */
export const isId = (id: string): boolean => /^[\w-]{1,128}$/.test(id)
export const isUsual = ({ kind, id }: OwnId): boolean => (kind === 'blob' ? /^sha256:[0-9a-f]{64}$/.test(id) : isId(id))

/** What is known of a method. */
export interface Method {
  /** The operation of the Engine API that gives the same. A level allows the method if it allows this, and a rule denies both. */
  readonly operation: string
  /** Why only `privileged` may call it. */
  readonly isRefused?: string
  /** `stream`: bytes of a session, in any number of messages. Omitted: one message. */
  readonly input?: 'stream'
  /** Omitted: whatever is in its message, the method gives what its operation gives. It is sent as it arrived. */
  readonly shape?: Shape
  readonly judge?: (message: Message) => Iterable<Judged>
  /** What is sent instead of the message. */
  readonly rewrite?: (message: Message) => Message
  /** Further operations that it amounts to. */
  readonly also?: (message: Message) => readonly string[]
  /** What the caller must have opened before. */
  readonly uses?: (message: Message, metadata: Metadata) => readonly OwnId[]
  /** What belongs to the caller from now on. */
  readonly opens?: (message: Message, metadata: Metadata) => OwnId
  /** Reads a message of the answer. The caller gets those that are about its own builds. Omitted: the caller gets all. */
  readonly answer?: (message: Uint8Array) => BuildRecord
  /** What a log says of the message. */
  readonly details?: (message: Message) => RequestDetails | undefined
}

/** The values of a field of the header, in order. */
export type Metadata = (name: string) => readonly string[]

const CONTROL = '/moby.buildkit.v1.Control/'
const BRIDGE = '/moby.buildkit.v1.frontend.LLBBridge/'
const CONTENTS = '/containerd.services.content.v1.Content/'
export const METHOD_OF_HISTORY = `${CONTROL}ListenBuildHistory`

const build = (id: string): OwnId => ({ kind: 'build', id })
const session = (id: string): OwnId => ({ kind: 'session', id })
/** Several values have none: BuildKit reads one of them. */
const only = (values: readonly string[]): string => (values.length === 1 ? (values[0] ?? '') : '')

/** A build is named in the header, and everything that the method reads is of this build (moby/buildkit, control/gateway). */
const inBuild = (_message: Message, metadata: Metadata): OwnId[] => [
  build(only(metadata('buildkit-controlapi-buildid'))),
]
const bridge: Method = { operation: 'images.build', uses: inBuild }
const byRef = (message: Message): OwnId[] => [build(textOf(message['Ref']))]
/** buildx asks with this id whether there is a history. No build has it, and nothing of one that had it would be passed on. */
const PROBE = 'buildx-test-history-api-feature'
/** Without an id, it asks for all builds. */
const ofHistory = (message: Message): OwnId[] => (['', PROBE].includes(textOf(message['Ref'])) ? [] : byRef(message))
/**
 * Without what makes dockerd 28.5.2 end if a record is marked as deleted. buildx applies filters itself, too, because an older
 * BuildKit doesn't know them (buildx, commands/history/utils.go).
 */
const withoutFilter = (message: Message): Message =>
  Object.fromEntries(Object.entries(message).filter(([name]) => name !== 'Filter' && name !== 'Limit'))
const content: Method = {
  operation: 'images.build',
  shape: CONTENT,
  uses: (message) => [{ kind: 'blob', id: textOf(message['digest']) }],
}
const sessionsIn = (attributes: Fields): OwnId[] =>
  [...attributes].filter(([name]) => name.startsWith('local-sessionid:')).map(([, id]) => session(id))

/**
 * The methods of dockerd's BuildKit. A build of buildx 0.13 and of compose 2.26 calls, in this order: Control/ListWorkers and
 * Control/Info, Control/Solve without a frontend, with Control/Status beside it, LLBBridge/Ping and LLBBridge/Solve with the frontend
 * and its attributes, LLBBridge/Return. Its session is `POST /session` (executed: dockerd 26.1.5).
 */
export const METHODS: Readonly<Record<string, Method>> = {
  '/grpc.health.v1.Health/Check': { operation: 'system.ping' },
  [`${CONTROL}DiskUsage`]: { operation: 'system.df' },
  [`${CONTROL}Info`]: { operation: 'system.info' },
  [`${CONTROL}ListWorkers`]: { operation: 'system.info' },
  // The records of all builds have their build arguments, which may be secrets.
  [METHOD_OF_HISTORY]: {
    operation: 'images.build',
    shape: HISTORY,
    rewrite: withoutFilter,
    uses: ofHistory,
    answer: readRecord,
  },
  [`${CONTROL}Prune`]: { operation: 'images.buildPrune' },
  // The same as POST /session. The daemon calls the client in it, and reads only what the client offers.
  [`${CONTROL}Session`]: {
    operation: 'session.open',
    input: 'stream',
    opens: (_message, metadata) => session(only(metadata('x-docker-expose-session-uuid'))),
  },
  [`${CONTROL}Solve`]: {
    operation: 'images.build',
    shape: SOLVE,
    ...judgeSolve,
    details: detailsOfSolve,
    uses: (message) => [
      ...(textOf(message['Session']) === '' ? [] : [session(textOf(message['Session']))]),
      ...sessionsIn(fieldsOf(message['FrontendAttrs'])),
    ],
    opens: (message) => build(textOf(message['Ref'])),
  },
  [`${CONTROL}Status`]: { operation: 'images.build', shape: STATUS, uses: byRef },
  [`${CONTROL}UpdateBuildHistory`]: {
    operation: 'images.build',
    shape: UPDATE_HISTORY,
    judge: judgeDelete,
    uses: byRef,
  },
  [`${BRIDGE}Evaluate`]: bridge,
  [`${BRIDGE}Inputs`]: bridge,
  [`${BRIDGE}Ping`]: bridge,
  [`${BRIDGE}ReadDir`]: bridge,
  [`${BRIDGE}ReadFile`]: bridge,
  [`${BRIDGE}Return`]: bridge,
  [`${BRIDGE}Solve`]: {
    operation: 'images.build',
    shape: BRIDGE_SOLVE,
    ...judgeBridgeSolve,
    details: detailsOfSolve,
    uses: (message, metadata) => [...inBuild(message, metadata), ...sessionsIn(fieldsOf(message['FrontendOpt']))],
  },
  [`${BRIDGE}StatFile`]: bridge,
  [`${BRIDGE}Warn`]: bridge,
  ...refused(
    BRIDGE,
    ['ExecProcess', 'NewContainer', 'ReleaseContainer'],
    'its container is described by mounts of its own',
  ),
  ...refused(BRIDGE, ['ResolveImageConfig', 'ResolveSourceMeta'], 'it can name the session of another client'),
  [`${CONTENTS}Info`]: content,
  [`${CONTENTS}Read`]: content,
  ...refused(
    CONTENTS,
    ['Abort', 'Delete', 'List', 'ListStatuses', 'Status', 'Update', 'Write'],
    'it lists or changes the content of all builds',
  ),
  // Spans of the client's own work, which dockerd passes to its collector if it has one.
  '/opentelemetry.proto.collector.trace.v1.TraceService/Export': { operation: 'images.build' },
}

/**
 * BuildKit only marks a record that somebody has read as deleted. dockerd 28.5.2 then ends when a client lists the history with a limit
 * or a filter (moby/buildkit, solver/llbsolver/history.go: filterHistoryEvents).
 */
function* judgeDelete({ Delete }: Message): Iterable<Judged> {
  if (Delete === true) yield fromBaseline('BUILD_OPTION', 'Delete', 'a list of the history could then end the daemon')
}

function refused(service: string, names: readonly string[], why: string): Record<string, Method> {
  return Object.fromEntries(
    names.map((name) => [`${service}${name}`, { operation: 'images.build', isRefused: why } satisfies Method]),
  )
}
