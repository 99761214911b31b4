/** Ports where Docker, Swarm or one of their tools may answer without TLS, and what usually listens there. */
export const NEIGHBOURS: ReadonlyMap<number, string> = new Map([
  [2375, 'the Docker API'],
  [2376, 'the Docker API'],
  [2377, 'the manager of a swarm'],
  [4243, 'the Docker API of older setups'],
  [5000, 'a registry'],
  [7946, 'the nodes of a swarm'],
  [9000, 'a management tool such as Portainer'],
  [9323, "dockerd's metrics"],
])

/** Where daemons usually listen. */
export const DAEMON_PORTS: ReadonlySet<number> = new Set([2375, 2376, 4243])
