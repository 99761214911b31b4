import type { Shape } from './wire.ts'

/**
 * The messages of BuildKit that can give something (moby/buildkit: api/services/control/control.proto,
 * frontend/gateway/pb/gateway.proto), with all their fields. What is `bytes` here and a message there is refused wherever it is.
 */
const ENTRY: Shape = { 1: ['Type', 'text'], 2: ['Attrs', 'map'] }

const CACHE: Shape = {
  1: ['ExportRefDeprecated', 'text'],
  2: ['ImportRefsDeprecated', 'texts'],
  3: ['ExportAttrsDeprecated', 'map'],
  4: ['Exports', { list: ENTRY }],
  5: ['Imports', { list: ENTRY }],
}

/** Of Control/Solve. */
export const SOLVE: Shape = {
  1: ['Ref', 'text'],
  2: ['Definition', 'bytes'],
  3: ['ExporterDeprecated', 'text'],
  4: ['ExporterAttrsDeprecated', 'map'],
  5: ['Session', 'text'],
  6: ['Frontend', 'text'],
  7: ['FrontendAttrs', 'map'],
  8: ['Cache', CACHE],
  9: ['Entitlements', 'texts'],
  10: ['FrontendInputs', 'bytes'],
  11: ['Internal', 'flag'],
  12: ['SourcePolicy', 'bytes'],
  13: ['Exporters', { list: ENTRY }],
  14: ['EnableSessionExporter', 'flag'],
  15: ['SourcePolicySession', 'text'],
  16: ['CompatibilityVersion', 'number'],
}

/** Of LLBBridge/Solve, with which a client chooses the frontend of a build that it has opened by Control/Solve without one. */
export const BRIDGE_SOLVE: Shape = {
  1: ['Definition', 'bytes'],
  2: ['Frontend', 'text'],
  3: ['FrontendOpt', 'map'],
  4: ['ImportCacheRefsDeprecated', 'texts'],
  5: ['allowResultReturn', 'flag'],
  6: ['allowResultArrayRef', 'flag'],
  10: ['Final', 'flag'],
  11: ['ExporterAttr', 'bytes'],
  12: ['CacheImports', { list: ENTRY }],
  13: ['FrontendInputs', 'bytes'],
  14: ['Evaluate', 'flag'],
  15: ['SourcePolicies', 'bytes'],
}

/** Of Control/Status. */
export const STATUS: Shape = { 1: ['Ref', 'text'] }

/** Of Control/ListenBuildHistory. */
export const HISTORY: Shape = {
  1: ['ActiveOnly', 'flag'],
  2: ['Ref', 'text'],
  3: ['EarlyExit', 'flag'],
  4: ['Filter', 'texts'],
  5: ['Limit', 'number'],
}

/** Of Control/UpdateBuildHistory. */
export const UPDATE_HISTORY: Shape = {
  1: ['Ref', 'text'],
  2: ['Pinned', 'flag'],
  3: ['Delete', 'flag'],
  4: ['Finalize', 'flag'],
}

/** Of Content/Info and Content/Read (containerd, api/services/content/v1/content.proto). */
export const CONTENT: Shape = {
  1: ['digest', 'text'],
  2: ['offset', 'number'],
  3: ['size', 'number'],
}

/** All names of fields, for those who must not repeat what a client writes. */
export const FIELD_NAMES: readonly string[] = [
  ENTRY,
  CACHE,
  SOLVE,
  BRIDGE_SOLVE,
  STATUS,
  HISTORY,
  UPDATE_HISTORY,
  CONTENT,
].flatMap((shape) =>
  Object.values(shape as Record<string, readonly [name: string, kind: unknown]>).map(([name]) => name),
)
