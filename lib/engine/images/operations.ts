import {
  BOOLEAN,
  BYTES,
  COUNT,
  filtersOf,
  INTEGER,
  JSON_VALUE,
  PLAIN,
  type Operation,
  type QueryTake,
  TRANSFER_IDLE_MS,
  WORK_IDLE_MS,
} from '../operation.ts'

/** A platform is sent as JSON, like every object, and several as repeated names. */
const PLATFORM: QueryTake = { since: '1.48' }

export const LIST: Operation = {
  name: 'images.list',
  method: 'GET',
  path: '/images/json',
  lane: 'short',
  query: {
    all: BOOLEAN,
    filters: filtersOf('before', 'dangling', 'label', 'label!', 'reference', 'since', 'until'),
    sharedSize: { ...BOOLEAN, as: 'shared-size', since: '1.42' },
    digests: BOOLEAN,
    manifests: { ...BOOLEAN, since: '1.47' },
    identity: { ...BOOLEAN, since: '1.54' },
  },
}

export const CREATE: Operation = {
  name: 'images.create',
  method: 'POST',
  path: '/images/create',
  lane: 'patient',
  idle: TRANSFER_IDLE_MS,
  query: {
    fromImage: PLAIN,
    fromSrc: PLAIN,
    repo: PLAIN,
    tag: PLAIN,
    message: PLAIN,
    changes: PLAIN,
    platform: PLAIN,
  },
  own: ['auth'],
  body: 'bytes',
}

/** {@link CREATE} with a registry. */
export const PULL: Operation = {
  ...CREATE,
  name: 'images.pull',
  query: { fromImage: PLAIN, tag: PLAIN, platform: PLAIN },
  own: ['auth', 'allTags'],
}

/** {@link CREATE} with a tar. */
export const IMPORT: Operation = {
  ...CREATE,
  name: 'images.import',
  query: { fromSrc: PLAIN, repo: PLAIN, tag: PLAIN, message: PLAIN, changes: PLAIN, platform: PLAIN },
  own: [],
}

export const INSPECT: Operation = {
  name: 'images.inspect',
  method: 'GET',
  path: '/images/{name}/json',
  lane: 'short',
  query: { manifests: { ...BOOLEAN, since: '1.48' }, platform: { encode: 'json', since: '1.49' } },
}

export const ATTESTATIONS: Operation = {
  name: 'images.attestations',
  method: 'GET',
  path: '/images/{name}/attestations',
  lane: 'short',
  since: '1.55',
  query: { platform: PLAIN, type: PLAIN, statement: BOOLEAN },
}

export const HISTORY: Operation = {
  name: 'images.history',
  method: 'GET',
  path: '/images/{name}/history',
  lane: 'short',
  query: { platform: { encode: 'json', since: '1.48' } },
}

export const PUSH: Operation = {
  name: 'images.push',
  method: 'POST',
  path: '/images/{name}/push',
  lane: 'patient',
  idle: TRANSFER_IDLE_MS,
  query: { tag: PLAIN, platform: { encode: 'json', since: '1.46' } },
  own: ['auth', 'allTags'],
}

export const TAG: Operation = {
  name: 'images.tag',
  method: 'POST',
  path: '/images/{name}/tag',
  lane: 'short',
  query: { repo: PLAIN, tag: PLAIN },
}

export const REMOVE: Operation = {
  name: 'images.remove',
  method: 'DELETE',
  path: '/images/{name}',
  lane: 'short',
  query: { force: BOOLEAN, noprune: BOOLEAN, platforms: { since: '1.50' } },
}

export const SEARCH: Operation = {
  name: 'images.search',
  method: 'GET',
  path: '/images/search',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  query: { term: PLAIN, limit: COUNT, filters: filtersOf('is-automated', 'is-official', 'stars') },
}

export const PRUNE: Operation = {
  name: 'images.prune',
  method: 'POST',
  path: '/images/prune',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  query: { filters: filtersOf('dangling', 'label', 'label!', 'until') },
}

export const COMMIT: Operation = {
  name: 'images.commit',
  method: 'POST',
  path: '/commit',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  query: {
    container: PLAIN,
    repo: PLAIN,
    tag: PLAIN,
    comment: PLAIN,
    author: PLAIN,
    pause: BOOLEAN,
    changes: PLAIN,
  },
  body: 'json',
  bodyOptional: true,
  newer: { 'Healthcheck.StartInterval': '1.44' },
}

export const GET: Operation = {
  name: 'images.save',
  method: 'GET',
  path: '/images/{name}/get',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  query: { platform: PLATFORM },
}

export const GET_ALL: Operation = {
  name: 'images.save',
  method: 'GET',
  path: '/images/get',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  query: { names: PLAIN, platform: PLATFORM },
}

export const LOAD: Operation = {
  name: 'images.load',
  method: 'POST',
  path: '/images/load',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  query: { quiet: BOOLEAN, platform: PLATFORM },
  body: 'bytes',
}

/** The API's default is the classic builder. `session` and `buildid` work, but aren't in the specification. */
export const BUILD: Operation = {
  name: 'images.build',
  method: 'POST',
  path: '/build',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  query: {
    dockerfile: PLAIN,
    t: PLAIN,
    extrahosts: PLAIN,
    remote: PLAIN,
    q: BOOLEAN,
    nocache: BOOLEAN,
    cachefrom: JSON_VALUE,
    pull: BOOLEAN,
    rm: BOOLEAN,
    forcerm: BOOLEAN,
    memory: BYTES,
    memswap: BYTES,
    cpushares: INTEGER,
    cpusetcpus: PLAIN,
    cpuperiod: INTEGER,
    cpuquota: INTEGER,
    buildargs: JSON_VALUE,
    shmsize: BYTES,
    squash: BOOLEAN,
    labels: JSON_VALUE,
    networkmode: PLAIN,
    platform: PLAIN,
    target: PLAIN,
    outputs: JSON_VALUE,
    version: PLAIN,
    session: PLAIN,
    buildid: PLAIN,
  },
  own: ['builder', 'secrets', 'auth'],
  body: 'bytes',
}

export const BUILD_PRUNE: Operation = {
  name: 'images.buildPrune',
  method: 'POST',
  path: '/build/prune',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  query: {
    reservedSpace: { ...BYTES, least: 0, as: 'reserved-space' },
    maxUsedSpace: { ...BYTES, least: 0, as: 'max-used-space', since: '1.48' },
    minFreeSpace: { ...BYTES, least: 0, as: 'min-free-space', since: '1.48' },
    all: BOOLEAN,
    filters: filtersOf('description', 'id', 'inuse', 'parent', 'private', 'shared', 'type', 'until', 'unused-for'),
  },
}

/** Up to API 1.47 `reserved-space` had another name, and the new one was silently ignored. */
export const BUILD_PRUNE_1_47: Operation = {
  ...BUILD_PRUNE,
  query: { ...BUILD_PRUNE.query, reservedSpace: { ...BYTES, least: 0, as: 'keep-storage' } },
}

/** Not in the specification (moby, router/build). */
export const BUILD_CANCEL: Operation = {
  name: 'images.cancelBuild',
  method: 'POST',
  path: '/build/cancel',
  lane: 'patient',
  idle: WORK_IDLE_MS,
  query: { id: PLAIN },
}
