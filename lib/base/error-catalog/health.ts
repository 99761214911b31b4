/** Waiting for a container to become healthy. */
export const HEALTH_ERRORS = {
  ERR_HEALTH_NO_CHECK: {
    meaning: 'The container has no health check to wait for.',
    cause: "Neither the image nor `Healthcheck` in the container's configuration defines one.",
    remedy: 'Add a health check, or wait for something else.',
  },
  ERR_HEALTH_UNHEALTHY: {
    meaning: "The container's health check failed. `checks` holds the last results.",
    cause: "The program inside doesn't work, or needs more time to start.",
    remedy: "Read `checks` and the container's log. If it only starts slowly, increase `StartPeriod`.",
  },
  ERR_HEALTH_ENDED: {
    meaning: 'The container ended before it became healthy.',
    cause: 'Its program failed. `exitCode` says how.',
    remedy: "Read the container's log.",
  },
  ERR_HEALTH_TIMEOUT: {
    meaning: "The container didn't become healthy within `timeout`.",
    cause: 'It starts slowly, or its health check runs rarely.',
    remedy: 'Increase `timeout`, and read `checks`.',
  },
  ERR_HEALTH_UNKNOWN: {
    meaning: "The daemon's event stream ended while waiting.",
    cause: 'The daemon was stopped.',
    remedy: 'Check the daemon, then wait again.',
  },
}
