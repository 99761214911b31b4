/** The daemon answered with a failure. */
export const API_ERRORS = {
  ERR_API_NOT_MODIFIED: {
    meaning: 'Status 304: the object is already in the requested state.',
    cause: 'Starting a container that is running, or stopping one that is stopped.',
    remedy: "You don't have to do anything. If you expect this, catch `NotModifiedError`.",
  },
  ERR_API_BAD_REQUEST: {
    meaning: "Status 400: the daemon doesn't accept a parameter or the body.",
    cause: 'A wrong value in the call. `daemonMessage` says which.',
    remedy: 'Correct the parameter that the daemon names.',
  },
  ERR_API_UNAUTHORIZED: {
    meaning: 'Status 401: a registry rejected the credentials, or a swarm rejected its unlock key.',
    cause: 'Missing, wrong or expired registry credentials.',
    remedy: 'Run `docker login REGISTRY`, or pass other credentials as `auth`.',
  },
  ERR_API_FORBIDDEN: {
    meaning: 'Status 403: the daemon never allows this, or a gateway of docker-mtls refuses it.',
    cause:
      'A request that dockerd never allows, such as removing a predefined network. If `gatewayReason` is set, the policy of the gateway, or your certificate.',
    remedy:
      'Read `daemonMessage`. Change the request, or ask the administrator of the gateway for a rule that allows it.',
  },
  ERR_API_AUTHORIZATION_DENIED: {
    meaning: 'Status 403 from an authorization plugin.',
    cause: "A policy on the host doesn't allow this request for your certificate's common name.",
    remedy: 'Ask the administrator of the daemon.',
  },
  ERR_API_NOT_FOUND: {
    meaning: 'Status 404: there is no such object.',
    cause: "A typo in the id or name, an image that isn't pulled, or another daemon than you meant.",
    remedy:
      "Check the name and the endpoint. For an image, pull it first or use `docker.run()` with `pull: 'missing'`.",
  },
  ERR_API_CONFLICT: {
    meaning: 'Status 409: the state of an object prevents the request.',
    cause:
      'A name or object that is in use, a container that runs, is paused or is stopped, or a swarm object that changed in between.',
    remedy:
      'Read `todo`: it names the call that resolves this conflict. For a swarm object, inspect it again and use its new version.',
  },
  ERR_API_SERVER_ERROR: {
    meaning: 'Status 500: the daemon failed.',
    cause: 'A problem on the host: storage, network or runtime.',
    remedy: "Read `daemonMessage` and the daemon's log: `journalctl -u docker`.",
  },
  ERR_API_UNAVAILABLE: {
    meaning: "Status 503: the daemon isn't ready for this request.",
    cause: "The host isn't part of a swarm, or the daemon is still starting.",
    remedy: 'Read `daemonMessage`. Set up what it names, such as a swarm, or try again later.',
  },
  ERR_API_STATUS: {
    meaning: "Another status, such as 501: the daemon can't do this as it is configured.",
    cause: 'A feature that this daemon or platform lacks.',
    remedy: "Read `daemonMessage` and the daemon's log.",
  },
  ERR_API_CALL_UNSUPPORTED: {
    meaning: "Podman doesn't have this call of Docker's API.",
    cause: 'A swarm, plugins, a session with BuildKit, or another part of the API that only Docker Engine has.',
    remedy: 'Use another call, or Docker Engine. [podman.md](podman.md#calls) lists the calls that Podman has.',
  },
  ERR_API_RESPONSE_INVALID: {
    meaning: "The answer isn't what the Engine API specifies.",
    cause: 'A proxy changed it, or something other than dockerd answered.',
    remedy: 'Check the host, the port and the proxies between you and the daemon.',
  },
  ERR_API_STREAM_FAILED: {
    meaning: 'The daemon reported a failure after the answer had started as a success.',
    cause: 'A pull, push or load failed halfway: a missing tag, a full disk, a registry error.',
    remedy: "Read `daemonMessage`; more is in the daemon's log.",
  },
  ERR_API_STREAM_INVALID: {
    meaning: "The content of a stream can't be parsed.",
    cause: "A proxy changed it, or a terminal's output is read as multiplexed frames.",
    remedy: 'Check the proxies between you and the daemon.',
  },
  ERR_API_STREAM_TRUNCATED: {
    meaning: 'A stream ended before the daemon said that it was complete.',
    cause: 'The daemon was stopped, or a connection was cut.',
    remedy: 'Call again; the result so far is incomplete.',
  },
  ERR_API_EXEC_FAILED: {
    meaning: "The command of an exec couldn't be started.",
    cause: "The program isn't in the container or isn't executable, or its user or working directory doesn't exist.",
    remedy: 'Correct the command, `User` or `WorkingDir`.',
  },
  ERR_API_BUILD_FAILED: {
    meaning: "An image couldn't be built. `step`, `log` and `exitCode` say where.",
    cause: 'A command in the Dockerfile failed, the Dockerfile has an error, or a base image is missing.',
    remedy: 'Read the end of `log` and correct that step.',
  },
  ERR_API_VERSION_UNSUPPORTED: {
    meaning: "docker-mtls and the daemon share no API version, or the daemon doesn't serve the pinned version.",
    cause:
      'Docker Engine older than 19.03 (API 1.40), or `DOCKER_API_VERSION` pins a version that is too new or older than 1.40.',
    remedy: 'Remove `DOCKER_API_VERSION` and `apiVersion`, or update Docker Engine.',
  },
}
