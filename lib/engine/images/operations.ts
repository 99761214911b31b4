import {
  BOOLEAN,
  BYTES,
  COUNT,
  INTEGER,
  JSON_VALUE,
  PLAIN,
  filtersOf,
  short,
  transfer,
  work,
  type Operation,
  type QueryTake,
} from '../operation.ts'

/** A platform is sent as JSON, like every object, and several as repeated names. */
const PLATFORM: QueryTake = { since: '1.48' }

export const LIST: Operation = short('images.list', 'GET /images/json', {
  query: {
    all: BOOLEAN,
    filters: filtersOf('before', 'dangling', 'label', 'label!', 'reference', 'since', 'until'),
    sharedSize: { ...BOOLEAN, as: 'shared-size', since: '1.42' },
    digests: BOOLEAN,
    manifests: { ...BOOLEAN, since: '1.47' },
    identity: { ...BOOLEAN, since: '1.54' },
  },
})

export const CREATE: Operation = transfer('images.create', 'POST /images/create', {
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
})

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

export const INSPECT: Operation = short('images.inspect', 'GET /images/{name}/json', {
  query: { manifests: { ...BOOLEAN, since: '1.48' }, platform: { encode: 'json', since: '1.49' } },
})

export const ATTESTATIONS: Operation = short('images.attestations', 'GET /images/{name}/attestations', {
  since: '1.55',
  query: { platform: PLAIN, type: PLAIN, statement: BOOLEAN },
})

export const HISTORY: Operation = short('images.history', 'GET /images/{name}/history', {
  query: { platform: { encode: 'json', since: '1.48' } },
})

export const PUSH: Operation = transfer('images.push', 'POST /images/{name}/push', {
  query: { tag: PLAIN, platform: { encode: 'json', since: '1.46' } },
  own: ['auth', 'allTags'],
})

export const TAG: Operation = short('images.tag', 'POST /images/{name}/tag', { query: { repo: PLAIN, tag: PLAIN } })

export const REMOVE: Operation = short('images.remove', 'DELETE /images/{name}', {
  query: { force: BOOLEAN, noprune: BOOLEAN, platforms: { since: '1.50' } },
})

export const SEARCH: Operation = work('images.search', 'GET /images/search', {
  query: { term: PLAIN, limit: COUNT, filters: filtersOf('is-automated', 'is-official', 'stars') },
})

export const PRUNE: Operation = work('images.prune', 'POST /images/prune', {
  query: { filters: filtersOf('dangling', 'label', 'label!', 'until') },
})

export const COMMIT: Operation = work('images.commit', 'POST /commit', {
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
})

export const GET: Operation = work('images.save', 'GET /images/{name}/get', { query: { platform: PLATFORM } })

export const GET_ALL: Operation = work('images.save', 'GET /images/get', {
  query: { names: PLAIN, platform: PLATFORM },
})

export const LOAD: Operation = work('images.load', 'POST /images/load', {
  query: { quiet: BOOLEAN, platform: PLATFORM },
  body: 'bytes',
})

/** The API's default is the classic builder. `session` and `buildid` work, but aren't in the specification. */
export const BUILD: Operation = work('images.build', 'POST /build', {
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
})

export const BUILD_PRUNE: Operation = work('images.buildPrune', 'POST /build/prune', {
  query: {
    reservedSpace: { ...BYTES, least: 0, as: 'reserved-space' },
    maxUsedSpace: { ...BYTES, least: 0, as: 'max-used-space', since: '1.48' },
    minFreeSpace: { ...BYTES, least: 0, as: 'min-free-space', since: '1.48' },
    all: BOOLEAN,
    filters: filtersOf('description', 'id', 'inuse', 'parent', 'private', 'shared', 'type', 'until', 'unused-for'),
  },
})

/** Up to API 1.47 `reserved-space` had another name, and the new one was silently ignored. */
export const BUILD_PRUNE_1_47: Operation = {
  ...BUILD_PRUNE,
  query: { ...BUILD_PRUNE.query, reservedSpace: { ...BYTES, least: 0, as: 'keep-storage' } },
}

/** Not in the specification (moby, router/build). */
export const BUILD_CANCEL: Operation = work('images.cancelBuild', 'POST /build/cancel', { query: { id: PLAIN } })
