import { isWithin, normalizeHostPath } from './host-path.ts'

/** A name that only the socket of Docker has, wherever it is: rootless and Docker Desktop have their own folders. */
const DOCKER_SOCKET = /\/docker(?:\.proxy)?\.sock(?:\.raw)?$/

/** Sockets with which a process controls other engines, or the host (normalized paths). */
const CONTROL_SOCKETS: readonly string[] = [
  '/run/buildkit/buildkitd.sock',
  '/run/containerd/containerd.sock',
  '/run/containerd/containerd.sock.ttrpc',
  '/run/crio/crio.sock',
  '/run/cri-dockerd.sock',
  '/run/docker/containerd/containerd.sock',
  '/run/docker/plugins',
  '/run/k3s/containerd/containerd.sock',
  '/run/libvirt/libvirt-sock',
  '/run/podman/podman.sock',
  '/run/systemd/private',
  '/var/lib/incus/unix.socket',
  '/var/lib/lxd/unix.socket',
  '/var/snap/lxd/common/lxd/unix.socket',
]
/** The same, named after the user whose engine it is. */
const USER_SOCKET = /^\/run\/user\/\d+\/(?:podman\/podman|buildkit\/buildkitd|containerd\/containerd)\.sock$/

/**
 * Whether a path of the host is Docker's socket, or a folder that contains it.
 *
 * @param target - the endpoint of the audit: its socket may be somewhere else
 */
export function showsDockerSocket(path: string, target: string): boolean {
  const own = target.startsWith('unix://') ? [normalizeHostPath(target.slice('unix://'.length))] : []
  return DOCKER_SOCKET.test(path) || ['/run/docker.sock', ...own].some((socket) => isWithin(socket, path))
}

/** The first socket of another engine that a path of the host shows. */
export function shownControlSocket(path: string): string | undefined {
  if (USER_SOCKET.test(path)) return path
  return CONTROL_SOCKETS.find((socket) => isWithin(socket, path) || isWithin(path, socket))
}

/** Whether a path is where programs look for Docker's socket. */
export function looksLikeDockerSocket(path: string): boolean {
  return DOCKER_SOCKET.test(normalizeHostPath(path))
}
