import { allOptions, checkOptions, similarName, similarOption } from '../base/options.ts'

/**
 * Names of options in the docker command, dockerode and Docker's SDK for Python, and the names of ours that may be meant.
 * The first one that the call has is suggested.
 */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  a: ['all', 'allTags'],
  abortSignal: ['signal'],
  add_host: ['extrahosts'],
  addHost: ['extrahosts'],
  args: ['buildargs', 'ps_args'],
  authconfig: ['auth'],
  auth_config: ['auth'],
  build_args: ['buildargs'],
  cols: ['w'],
  columns: ['w'],
  credentials: ['auth'],
  f: ['follow', 'force', 'file', 'filters'],
  height: ['h'],
  input: ['stdin'],
  interactive: ['stdin'],
  last: ['limit', 'tail'],
  lines: ['tail'],
  message: ['comment'],
  n: ['tail', 'limit'],
  network: ['networkmode'],
  one_shot: ['oneShot'],
  ps: ['ps_args'],
  registryAuth: ['auth'],
  registry_auth: ['auth'],
  removeVolumes: ['v'],
  remove_volumes: ['v'],
  repository: ['repo'],
  rm: ['remove'],
  rows: ['h'],
  secret: ['secrets'],
  sig: ['killSignal'],
  since_time: ['since'],
  stop_timeout: ['t'],
  stream: ['follow'],
  tags: ['tag', 'allTags'],
  time: ['t'],
  terminal: ['tty'],
  volumes: ['v'],
  width: ['w'],
}

/** Options that became something else in these calls. */
const ADVICE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'images.pull()': {
    tag: "Write the tag into the name: 'alpine:3.20'.",
    quiet: 'Omit it: you get progress only if you iterate over the call.',
  },
  'images.push()': {
    tag: "Write the tag into the name: 'registry.example.com/app:1'.",
    quiet: 'Omit it: you get progress only if you iterate over the call.',
  },
  'containers.list()': { quiet: 'Omit it, and read Id of each container.' },
  'images.list()': { quiet: 'Omit it, and read Id of each image.' },
  'images.load()': { file: 'Pass createReadStream(FILE) as the first argument.' },
  'images.save()': { output: 'Write the stream that you get to a file.' },
  'run()': {
    detach: 'Call containers.create() and containers.start(), which do not wait for its end.',
    binds: "Set HostConfig: { Binds: ['/path:/path'] }.",
    mounts: "Set HostConfig: { Mounts: [{ Type: 'bind', Source: '/path', Target: '/path' }] }.",
    volume: "Set HostConfig: { Binds: ['/path:/path'] }.",
    volumes: "Set HostConfig: { Binds: ['/path:/path'] }.",
    ports: "Set HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8080' }] } }.",
    memory: 'Set HostConfig: { Memory: BYTES }.',
    net: 'Set HostConfig: { NetworkMode: NAME }.',
    network: 'Set HostConfig: { NetworkMode: NAME }.',
    body: "Set the fields of the API in the options themselves:  { Env: ['NAME=value'], HostConfig: { Memory: BYTES } }",
    privileged: 'Set HostConfig: { Privileged: true }.',
  },
}

/** Fields of the API, by the names of other clients. */
const FIELDS: Readonly<Record<string, string>> = {
  cwd: 'WorkingDir',
  entrypoint: 'Entrypoint',
  env: 'Env',
  environment: 'Env',
  hostname: 'Hostname',
  labels: 'Labels',
  privileged: 'Privileged',
  user: 'User',
  workdir: 'WorkingDir',
  working_dir: 'WorkingDir',
}

/** Where a call takes fields of the API. */
export type FieldsIn = 'the body' | 'the options'

/**
 * Refuses unknown options of a call, and says which one was probably meant.
 *
 * @param of - the call: `containers.list()`
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN
 */
export function checkCallOptions(given: unknown, known: readonly string[], of: string, fields?: FieldsIn): void {
  checkOptions(given, known, of, (key) => hintFor(key, known, of, fields))
}

function hintFor(key: string, known: readonly string[], of: string, fields: FieldsIn | undefined): string {
  const advice = lookUp(lookUp(ADVICE, of) ?? {}, key)
  if (advice !== undefined) return advice
  const other = lookUp(OTHER_NAMES, key)?.find((name) => known.includes(name))
  if (other !== undefined) return `Did you mean ${other}? ${allOptions(known)}`
  const field = fields && similarName(key, known) === undefined ? fieldFor(key) : undefined
  if (field !== undefined) return `${field} is a field of the API: set it in ${fields}.`
  const hint = similarOption(key, known)
  return fields === 'the options' ? `${hint} ${OTHER_SETTINGS}` : hint
}

/** The names of the options alone would hide that these calls take every field of the API. */
const OTHER_SETTINGS = 'All other settings have the names of the API, such as Env and WorkingDir.'

/** The field of the API that a name stands for: itself, or that of another client's name. */
export const fieldFor = (key: string): string | undefined => (/^[A-Z]/.test(key) ? key : lookUp(FIELDS, key))

/** Not `constructor`, which every object has. */
function lookUp<Value>(table: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}
