/** The context, Dockerfile and secrets that are sent for a build. */
export const BUILD_ERRORS = {
  ERR_BUILD_CONTEXT_INVALID: {
    meaning: "The build context can't be used.",
    cause: "The path isn't a folder, or the folder holds a device or a name that isn't UTF-8.",
    remedy: 'Pass a folder, a tar or `{ remote }`, and list such files in `.dockerignore`.',
  },
  ERR_BUILD_DOCKERFILE_INVALID: {
    meaning: "The Dockerfile can't be used.",
    cause: "It doesn't exist, isn't a file, or is a link that leaves the context.",
    remedy: 'Name it with the option `dockerfile`.',
  },
  ERR_BUILD_IGNORE_INVALID: {
    meaning: "A pattern in `.dockerignore` isn't valid.",
    cause: 'An unclosed bracket or another syntax error.',
    remedy: 'Correct the pattern that the message quotes.',
  },
  ERR_BUILD_FILE_UNREADABLE: {
    meaning: "A file of the context can't be read.",
    cause: 'Missing permissions.',
    remedy: 'Make the file readable, or list it in `.dockerignore`.',
  },
  ERR_BUILD_FILE_CHANGED: {
    meaning: 'A file changed while it was being sent.',
    cause: 'Another program writes into the context.',
    remedy: 'Build again when nothing writes there, or list the file in `.dockerignore`.',
  },
  ERR_BUILD_SECRET_INVALID: {
    meaning: "A build secret can't be read.",
    cause: "An environment variable or file that doesn't exist, or a secret that is too long.",
    remedy: 'Set the variable, or correct the path.',
  },
}
