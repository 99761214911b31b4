/** Invalid calls: a mistake in the code, or on the command line. */
export const ARGUMENT_ERRORS = {
  ERR_ARGUMENT_INVALID: {
    meaning: 'An argument or option has the wrong type or value.',
    cause: 'A mistake in the call.',
    remedy: 'Correct the argument that the message names.',
  },
  ERR_OPTION_UNKNOWN: {
    meaning: 'The call has no such option.',
    cause: "A typo. docker-mtls doesn't ignore unknown options, since a mistyped security option would have no effect.",
    remedy: 'Use the name that the message suggests.',
  },
  ERR_PATH_SEGMENT_INVALID: {
    meaning: "An id, name or path can't be part of an API path.",
    cause: 'An empty id, `..`, or a path with a query or spaces.',
    remedy: 'Build paths with the template tag `path`, and pass the query as `query`.',
  },
  ERR_API_FIELD_UNKNOWN: {
    meaning: 'The body of the call has a field, or its filters have a name, that the Engine API does not have there.',
    cause: 'A typo, or a field of another object. The daemon would ignore a field silently.',
    remedy:
      'Use the name that the message suggests. For a field that docker-mtls does not know yet, set `{ allowUnknown: true }` in the options.',
  },
  ERR_API_FIELD_TOO_NEW: {
    meaning:
      'The field or option needs a newer Engine API than this daemon speaks. The daemon would ignore it silently.',
    cause: 'An older Docker Engine, or a pinned `apiVersion`.',
    remedy: 'Remove `apiVersion` and `DOCKER_API_VERSION`, leave the field out, or update Docker Engine.',
  },
  ERR_USAGE: {
    meaning:
      'The command line is invalid: an unknown command or option, a missing argument, or options that exclude each other.',
    cause: 'A typo.',
    remedy: 'Run the command with `--help`.',
  },
}
